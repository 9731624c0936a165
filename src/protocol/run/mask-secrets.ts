import type { Config } from '../../config/config.js';

/**
 * What stands after such a word in SQL, in OPTIONS or in a call is a password: a string, also one that was cut before
 * its end, or a dollar-quoted one.
 */
const AFTER_WORD =
  /((?:password|passwd|pwd|passphrase|secret|token|api_?key)["']?\s*(?:=>?|:=?|,|\bTO\b)?\s*)(?:E?'(?:[^'\\]|\\.|'')*(?:'|$)|\$(\w*)\$[^]*?\$\2\$)/gi;

/** `password=geheim` in a connection string. */
const IN_CONNECTION_STRING = /\b((?:ssl)?password\s*=\s*)(?!\s*')[^\s'",;)]+/gi;

/** `"password": "geheim"` in JSON. */
const IN_JSON = /("(?:\w*_)?(?:password|passwd|passphrase|secret|token|api_?key)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;

const IN_URL = /\b(postgres(?:ql)?:\/\/)[^\s'"`]+/gi;

/** Shorter ones are ordinary words in too many texts. */
const SHORTEST_SECRET = 6;

/** Makes the function that takes out of a text what is, or looks like, a password: for what is stored. */
export function secretMask(config: Config): (text: string) => string {
  const known = knownSecrets(config);
  return (text) =>
    known
      .reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
      .replace(IN_URL, '$1***')
      .replace(AFTER_WORD, "$1'***'")
      .replace(IN_JSON, '$1"***"')
      .replace(IN_CONNECTION_STRING, '$1***');
}

/** The passwords of the fleet, longest first, so that none is masked in part. */
function knownSecrets({ veneers, shards, tenantQuery }: Config): readonly string[] {
  const addresses = [...veneers, ...shards, ...(tenantQuery === null ? [] : [tenantQuery])];
  const urls = addresses.flatMap(({ url }) => (url === null ? [] : new URL(url.reveal()).password));
  const mapped = shards.flatMap(({ userMappings }) =>
    userMappings.flatMap(({ password }) => password?.reveal() ?? []),
  );
  return [...new Set([...urls, ...urls.map(decoded), ...mapped])]
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .toSorted((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

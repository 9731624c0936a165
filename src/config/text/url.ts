/** The parts of a postgres:// url that stand in for server options. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: string;
  readonly dbname: string;
}

/** Reads a postgres:// url; a text answer says what is wrong with it, without quoting it. */
export function readUrl(url: string): PostgresAddress | string {
  if (!URL.canParse(url)) return `expected ${URL_WORDS}, got another text (${ENCODING_HINT})`;
  const parsed = new URL(url);
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) return `expected ${URL_WORDS}, got another kind of url`;
  const parts = [parsed.pathname.slice(1), parsed.hostname, parsed.username, parsed.password].map(decoded);
  if (parts.includes(null)) return `a % that begins no percent-encoding; write it as %25 (${ENCODING_HINT})`;
  const [dbname, hostname] = parts;
  if (!dbname)
    return `a url without a database: postgres://user:password@host:5432/DATABASE (${ENCODING_HINT})`;
  const host = parsed.searchParams.get('host') ?? hostname?.replace(/^\[(.*)\]$/, '$1');
  if (!host) return 'a url without a host: postgres://user:password@HOST:5432/database';
  return { host, port: parsed.port || (parsed.searchParams.get('port') ?? '5432'), dbname };
}

/** The same url for another database of the server. */
export function databaseUrl(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.href;
}

const URL_WORDS = 'a url like postgres://user:password@host:5432/database';
const ENCODING_HINT = 'characters such as # / ? @ % in a password must be percent-encoded';

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

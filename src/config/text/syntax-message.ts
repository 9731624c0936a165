import type { ErrorCode } from 'yaml';

/**
 * What the parser says about a syntax error, without the piece of text that some of its messages quote: it may be
 * half a password.
 */
export function syntaxMessage(code: ErrorCode, message: string): string {
  const own = OWN_WORDS[code];
  return own ?? `no valid YAML: ${message}`;
}

const OWN_WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'no valid YAML: an anchor or alias that cannot be read',
  BAD_COLLECTION_TYPE: 'no valid YAML: a tag (!name) that does not fit its value',
  BAD_DIRECTIVE: 'no valid YAML: a directive (%NAME) that cannot be read',
  BAD_DQ_ESCAPE: 'no valid YAML: an unknown escape (\\) in double quotes; single quotes take a text as it is',
  BAD_PROP_ORDER: 'no valid YAML: an anchor or tag in the wrong place',
  BAD_SCALAR_START: 'no valid YAML: a text that begins with @ or ` must be quoted',
  DUPLICATE_KEY: 'the same key a second time in one map',
  MULTIPLE_DOCS: 'a second YAML document (---); a fleet is described by one',
  NON_STRING_KEY: 'no valid YAML: a key that is no text',
  TAG_RESOLVE_FAILED: 'a YAML tag (!name), which means nothing here; quote a text that begins with !',
  UNEXPECTED_TOKEN: 'no valid YAML: something unexpected; a text with special characters must be quoted',
};

/**
 * The net below {@link Secret}: a foreign error may quote a url, which holds a password. Cut from everything that is
 * printed but the answer of `sandbox url`. The example of messages about urls stays: it is the same for everybody.
 */
export const withoutUrls = (text: string): string => text.replace(URL_BUT_THE_EXAMPLE, '$1***');

const URL_BUT_THE_EXAMPLE =
  /\b(postgres(?:ql)?:\/\/)(?!user:password@host:5432\/database(?:,?\s|$))[^\s'"`]+/gi;

/**
 * Names and messages come from databases: no control character of theirs, nor one that turns the
 * direction of writing, reaches the terminal; line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(
    /(?![\n\t])[\p{Cc}\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu,
    (char) => String.raw`\u` + char.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}

/** `value` with each of its strings mapped, keys too: in a record they are names from a database. */
export function mapStrings<T>(value: T, map: (text: string) => string): T {
  return mapped(value, map) as T;
}

function mapped(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((one) => mapped(one, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [map(key), mapped(one, map)]));
}

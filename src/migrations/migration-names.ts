/**
 * The number that orders a migration: 17 digits are a UTC date, all other leading digits a plain number
 * (node-pg-migrate's rule; so 14 digits sort after 13-digit milliseconds). Null where there is none.
 */
export function orderOf(name: string): number | null {
  const digits = /^\d+/.exec(name)?.[0] ?? '';
  if (digits === '') return null;
  if (digits.length !== 17) return Number(digits);
  const [, date, time, ms] = /^(\d{8})(\d{6})(\d{3})$/.exec(digits) ?? [];
  const iso = `${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/(..)(..)(..)/, '$1:$2:$3')}.${ms}Z`;
  const value = new Date(iso).valueOf();
  return Number.isNaN(value) ? null : value;
}

/** Is this a repeatable, which runs again whenever its text has changed: `R__titles`? */
export const isRepeatable = (name: string): boolean => /^R__./.test(name);

/** The migration up to which a base makes what all migrations make (`B__20260105_books`); null: it is no base. */
export const basedOn = (name: string): string | null => /^B__(.+)/.exec(name)?.[1] ?? null;

/**
 * Compares two names: repeatables behind all others; else by number, then by text as node-pg-migrate does, but in a fixed language: the order must not
 * depend on the machine. Names that differ in punctuation only go by code unit, so that no two are equal.
 */
export function compareNames(a: string, b: string): number {
  return (
    Number(isRepeatable(a)) - Number(isRepeatable(b)) ||
    (orderOf(a) ?? 0) - (orderOf(b) ?? 0) ||
    collator.compare(a, b) ||
    (a < b ? -1 : Number(a > b))
  );
}

const collator = new Intl.Collator('en', {
  usage: 'sort',
  numeric: true,
  sensitivity: 'variant',
  ignorePunctuation: true,
});

/** Equal for two names that node-pg-migrate's order cannot tell apart: `1_a` and `001_a`. */
export function orderKey(name: string): string {
  return `${orderOf(name)} ${name.replace(/^\d+/, '')}`;
}

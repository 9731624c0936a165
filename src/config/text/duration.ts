const UNITS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
const LONGEST_MS = 24 * 3_600_000;

/** What {@link readDuration} takes, for messages. */
export const DURATION = 'a duration such as 500ms, 2s or 1m, above zero and at most 24h';

/** Milliseconds of `500ms`, `2s`, `1m`, `1h`; null for anything else, for zero, and above a day. */
export function readDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text.trim());
  const ms = Number(match?.[1]) * (UNITS.get(match?.[2] ?? '') ?? 0);
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}

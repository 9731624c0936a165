import { literal } from '../../postgres/identifiers.js';

/**
 * The statements that make an enum's labels the wanted ones, in their order; null where ALTER TYPE cannot: a label is
 * gone, two have changed places, or one that is new is `used` in the same transaction, which PostgreSQL takes for a
 * label of a type made in it alone (enum.c, check_safe_enum_use). `renamed`: old label → new one, as far as it is
 * known. All of them run in a transaction block. Pure.
 */
export function reconcileEnum(
  type: string,
  present: readonly string[],
  wanted: readonly string[],
  renamed: ReadonlyMap<string, string>,
  used: ReadonlySet<string> = new Set(),
): string[] | null {
  const known = new Map([...renamed].filter(([from, to]) => present.includes(from) && wanted.includes(to)));
  const now = present.map((label) => known.get(label) ?? label);
  const kept = wanted.filter((label) => now.includes(label));
  if (kept.length !== now.length || kept.some((label, index) => label !== now[index])) return null;
  const added = wanted.filter((label) => !now.includes(label));
  if (added.some((label) => used.has(label))) return null;
  return [
    ...renameLabels(type, present, known),
    ...wanted.flatMap((label, index) =>
      !added.includes(label)
        ? []
        : [`ALTER TYPE ${type} ADD VALUE ${literal(label)}${place(wanted, index, now)}`],
    ),
  ];
}

/** Behind the one before it, which is there by then; the first one before the first that was there. */
function place(wanted: readonly string[], index: number, [first]: readonly string[]): string {
  const before = wanted[index - 1];
  if (before !== undefined) return ` AFTER ${literal(before)}`;
  return first === undefined ? '' : ` BEFORE ${literal(first)}`;
}

/** RENAME VALUE, by way of labels aside where a new one is still borne by another that is renamed. */
function renameLabels(
  type: string,
  present: readonly string[],
  renamed: ReadonlyMap<string, string>,
): string[] {
  const rename = (from: string, to: string): string =>
    `ALTER TYPE ${type} RENAME VALUE ${literal(from)} TO ${literal(to)}`;
  const pairs = [...renamed];
  if (!pairs.some(([, to]) => present.includes(to))) return pairs.map(([from, to]) => rename(from, to));
  const aside = (index: number): string => `pgveneer_${index}`;
  return [
    ...pairs.map(([from], index) => rename(from, aside(index))),
    ...pairs.map(([, to], index) => rename(aside(index), to)),
  ];
}

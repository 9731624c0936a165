import { labelOf } from '../migration.js';
import type { MigrationFile } from './migration-files.js';

/** A migration that runs before another one, though the date in its name is the later one. */
export interface OddOrder {
  readonly file: MigrationFile;
  /** What runs behind it. */
  readonly next: string;
}

/**
 * Neighbours whose dates stand the other way round: 17 digits count as a date, 14 as a plain number, which is larger than every
 * date of 17. Of numbers that are no dates nothing is said. Pure.
 */
export function oddOrder(files: readonly MigrationFile[]): OddOrder[] {
  const dated = files.filter(({ name }) => dateOf(name) !== null);
  return dated.flatMap((file, index) => {
    const next = dated[index + 1];
    if (next === undefined || (dateOf(file.name) ?? '') <= (dateOf(next.name) ?? '')) return [];
    return [{ file, next: labelOf(next) }];
  });
}

/** The digits of a date with or without time, milliseconds or not: alone they compare as dates do. */
const dateOf = (name: string): string | null =>
  /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6}|\d{9})?(?!\d)/.exec(name)?.[0] ??
  null;

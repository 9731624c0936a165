import { remoteColumnOf, type Column, type ForeignColumn } from '../catalog/relation.js';

/** A foreign table's column and what it should be. */
export interface ColumnPair<W extends Column = Column> {
  readonly present: ForeignColumn;
  readonly wanted: W;
}

/** Pairs by the shard's column that a column shows, followed through renames, or else by its own name. Pure. */
export function pairColumns<W extends Column>(
  present: readonly ForeignColumn[],
  wanted: readonly W[],
  renamed: ReadonlyMap<string, string>,
): ColumnPair<W>[] {
  const free = new Map(wanted.map((column) => [column.name, column]));
  const pairs = new Map<ForeignColumn, ColumnPair<W>>();
  const pair = (column: ForeignColumn, name: string): void => {
    const match = pairs.has(column) ? undefined : free.get(name);
    if (match === undefined) return;
    free.delete(name);
    pairs.set(column, { present: column, wanted: match });
  };
  for (const column of present) pair(column, renamed.get(remoteColumnOf(column)) ?? remoteColumnOf(column));
  for (const column of present) pair(column, column.name);
  return present.flatMap((column) => pairs.get(column) ?? []);
}

/**
 * The pairs, from the first, whose places agree with the shard's order. A positional INSERT would swap values
 * without a word where they do not, and ADD COLUMN can only append.
 */
export function pairsInOrder<W extends Column>(pairs: readonly ColumnPair<W>[], wanted: readonly W[]): readonly ColumnPair<W>[] {
  const firstWrong = pairs.findIndex((pair, place) => pair.wanted !== wanted[place]);
  return firstWrong === -1 ? pairs : pairs.slice(0, firstWrong);
}

import { remoteColumnOf, type Column, type ForeignColumn } from '../../catalog/relations/relation.js';

/** A foreign table's column and what it should be. */
export interface ColumnPair<W extends Column = Column> {
  readonly present: ForeignColumn;
  readonly wanted: W;
}

/**
 * Pairs by the shard's column that a column shows, followed through what the shard renamed (null: dropped), or else
 * by its own name. A dropped column pairs with nothing, whatever bears its name now. Pure.
 */
export function pairColumns<W extends Column>(
  present: readonly ForeignColumn[],
  wanted: readonly W[],
  renamed: ReadonlyMap<string, string | null>,
): ColumnPair<W>[] {
  const free = new Map(wanted.map((column) => [column.name, column]));
  const pairs = new Map<ForeignColumn, ColumnPair<W>>();
  const pair = (column: ForeignColumn, name: string): void => {
    const match = pairs.has(column) ? undefined : free.get(name);
    if (match === undefined) return;
    free.delete(name);
    pairs.set(column, { present: column, wanted: match });
  };
  const shown = (column: ForeignColumn): string =>
    renamed.get(remoteColumnOf(column)) ?? remoteColumnOf(column);
  const living = present.filter((column) => renamed.get(remoteColumnOf(column)) !== null);
  // First those that are right already: a second column made to show the same one must not take its place.
  for (const column of living) if (shown(column) === column.name) pair(column, column.name);
  for (const column of living) pair(column, shown(column));
  for (const column of living) pair(column, column.name);
  return present.flatMap((column) => pairs.get(column) ?? []);
}

/**
 * The pairs that can stay where they are: ADD COLUMN can only append, so what is kept must be the beginning of the
 * shard's order, and a positional INSERT would swap values without a word where it is not.
 */
export function pairsInOrder<P extends ColumnPair>(
  pairs: readonly P[],
  wanted: readonly Column[],
): readonly P[] {
  const kept: P[] = [];
  for (const pair of pairs) if (pair.wanted === wanted[kept.length]) kept.push(pair);
  return kept;
}

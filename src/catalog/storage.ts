import { nameKey } from '../postgres/identifiers.js';
import type { Relation, ShardColumn } from './relation.js';

/** A relation as far as its rows are concerned. */
export interface StoredRelation extends Pick<Relation, 'oid' | 'schema' | 'name' | 'filenode'> {
  readonly columns: readonly Pick<ShardColumn, 'attnum' | 'notNull'>[];
}

const storesRows = ({ filenode }: StoredRelation): boolean => filenode !== '0';

/**
 * The names behind which a reader with an old snapshot would find no rows: relations whose file changed, and names
 * that another relation took over. Pure.
 */
export function replacedStorage(
  before: readonly StoredRelation[],
  after: readonly StoredRelation[],
): StoredRelation[] {
  const now = after.filter(storesRows);
  const byOid = new Map(now.map((relation) => [relation.oid, relation]));
  const byName = new Map(now.map((relation) => [nameKey(relation), relation]));
  return before.filter(storesRows).filter((was) => {
    const rewritten = (byOid.get(was.oid)?.filenode ?? was.filenode) !== was.filenode;
    return rewritten || (byName.get(nameKey(was))?.oid ?? was.oid) !== was.oid;
  });
}

/** Relations of which a column that was there before became NOT NULL for every row. Pure. */
export function tightenedStorage(
  before: readonly StoredRelation[],
  after: readonly StoredRelation[],
): StoredRelation[] {
  const byOid = new Map(before.filter(storesRows).map((relation) => [relation.oid, relation]));
  return after.filter(storesRows).filter(({ oid, columns }) => {
    const nullable = byOid.get(oid)?.columns.filter(({ notNull }) => !notNull) ?? [];
    const was = new Set(nullable.map(({ attnum }) => attnum));
    return columns.some(({ attnum, notNull }) => notNull && was.has(attnum));
  });
}

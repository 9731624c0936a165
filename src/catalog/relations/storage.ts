import { nameKey } from '../../postgres/identifiers.js';
import type { Behind } from '../sql/behind-sql.js';
import type { Relation, ShardColumn } from './relation.js';

/** A relation as far as its rows are concerned. */
export interface StoredRelation extends Pick<Relation, 'oid' | 'schema' | 'name' | 'filenode'> {
  readonly columns: readonly Pick<ShardColumn, 'attnum' | 'notNull'>[];
}

const storesRows = ({ filenode }: StoredRelation): boolean => filenode !== '0';

/** Relations as they are, and by oid what stands behind those of them that are views or parents, or have policies. */
export interface Present {
  readonly relations: readonly StoredRelation[];
  readonly behind: ReadonlyMap<string, readonly Behind[]>;
}

/** A relation as it was, with what stood behind it. */
export interface FormerRelation extends StoredRelation {
  readonly behind: readonly Behind[];
}

/**
 * By relation as it was, the tables from which a reader of it, or of its name, gets rows now and did not before: that of a new view of
 * its name, of a view's new rule, of a parent's new child, or of a partition with other bounds, to which rows of another one may have
 * moved. Whether the table is new does not count: a snapshot may be older than what filled it, in this step or in one before. Pure.
 */
export function findGains(
  before: readonly FormerRelation[],
  { relations, behind }: Present,
): ReadonlyMap<StoredRelation, readonly string[]> {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const byName = new Map(relations.map((relation) => [nameKey(relation), relation]));
  const gains = before.map((was) => {
    const now = new Set([byOid.get(was.oid), byName.get(nameKey(was))].flatMap((one) => one ?? []));
    const had = new Map(tablesOf(was, was.behind).map(({ oid, bounds }) => [oid, bounds]));
    const tables = [...now].flatMap((one) => tablesOf(one, behind.get(one.oid) ?? []));
    return [was, tables.filter((table) => isGained(had, table)).map(({ oid }) => oid)] as const;
  });
  return new Map(gains.filter(([, tables]) => tables.length > 0));
}

const tablesOf = (relation: StoredRelation, behind: readonly Behind[]): readonly Behind[] =>
  storesRows(relation) ? [{ oid: relation.oid, bounds: '' }, ...behind] : behind;

/** A table that becomes a partition under its own name keeps its rows where they were. */
function isGained(had: ReadonlyMap<string, string>, { oid, bounds }: Behind): boolean {
  const was = had.get(oid);
  return was === undefined || (was !== '' && was !== bounds);
}

/** Tables that relations have gained, and which of these hold something. */
export interface Gained {
  readonly gains: ReadonlyMap<StoredRelation, readonly string[]>;
  readonly filled: ReadonlySet<string>;
}

/**
 * The relations behind which a reader with an old snapshot would not find the rows that are there: tables whose file changed, and
 * whatever gained a table that is not empty. A partition that is made for what is to come is. Pure.
 */
export function replacedStorage(
  before: readonly StoredRelation[],
  after: readonly StoredRelation[],
  { gains, filled }: Gained,
): StoredRelation[] {
  const byOid = new Map(after.filter(storesRows).map((relation) => [relation.oid, relation]));
  return before.filter((was) => {
    const rewritten = storesRows(was) && (byOid.get(was.oid)?.filenode ?? was.filenode) !== was.filenode;
    return rewritten || (gains.get(was) ?? []).some((oid) => filled.has(oid));
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

import { nameKey } from '../postgres/identifiers.js';
import type { Row, Session } from '../postgres/session.js';
import { COMPUTED, HAS_DEFAULT, NOT_NULL, NOT_VALID } from './columns-sql.js';
import type { Relation, ShardColumn } from './relation.js';

/** A relation and its columns, without anything that deparses and so might wait. */
export interface RawRelation extends Row {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: Relation['kind'];
  /** Names by number. */
  readonly columns: Readonly<Record<string, string>>;
  /** By number: how a column gets its values. */
  readonly supply: Readonly<Record<string, Pick<ShardColumn, 'notNull' | 'hasDefault' | 'computed'>>>;
}

/**
 * Raw catalog columns only: this runs on another connection than the one whose DDL is open, and any deparse
 * function there would wait for our own lock (PROTOCOL section 4, number 3: shown on 15 and 18).
 */
const RAW = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
         (SELECT coalesce(json_object_agg(a.attnum, a.attname), '{}'::json) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT coalesce(json_object_agg(a.attnum, json_build_object('notNull', a.attnotnull,
                   'hasDefault', ${HAS_DEFAULT}, 'computed', ${COMPUTED})), '{}'::json)
            FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS supply
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')`;

/** The relations with these oids, as the session's snapshot sees them. */
export async function readRaw(session: Session, oids: readonly string[]): Promise<RawRelation[]> {
  return oids.length === 0 ? [] : session.prepared<RawRelation>(RAW, [oids]);
}

/**
 * The relations that the session's open transaction created, altered, indexed or dropped, with the locks that
 * row changes and reads take left out. Schemas and types leave no lock to be seen and are compared whole.
 */
const TOUCHED = `
  SELECT DISTINCT relation::text AS oid FROM pg_locks
   WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')`;

export async function touchedRelations(session: Session): Promise<string[]> {
  return (await session.prepared<{ oid: string }>(TOUCHED, [])).map((row) => row.oid);
}

/** A relation that stores rows, with the file that holds them. */
export interface StoredRelation extends Row {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relfilenode: another number says that the relation was rewritten or truncated. */
  readonly filenode: string;
  /** By column number: is it NOT NULL for every row? */
  readonly notNull: Readonly<Record<string, boolean>>;
}

/** Tables, partitions and materialized views among these oids. Raw columns only, so that nothing waits. */
export async function readStorage(session: Session, oids: readonly string[]): Promise<StoredRelation[]> {
  if (oids.length === 0) return [];
  return session.prepared<StoredRelation>(
    `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relfilenode::text AS filenode,
            (SELECT coalesce(json_object_agg(a.attnum, ${NOT_NULL}), '{}'::json)
               FROM pg_attribute a ${NOT_VALID}
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "notNull"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'm')`,
    [oids],
  );
}

/**
 * The names behind which a reader with an old snapshot would find no rows: relations whose file changed, and names
 * that another relation took over. Pure.
 */
export function replacedStorage(
  before: readonly StoredRelation[],
  after: readonly StoredRelation[],
): StoredRelation[] {
  const byOid = new Map(after.map((relation) => [relation.oid, relation]));
  const byName = new Map(after.map((relation) => [nameKey(relation), relation]));
  return before.filter((was) => {
    const rewritten = (byOid.get(was.oid)?.filenode ?? was.filenode) !== was.filenode;
    return rewritten || (byName.get(nameKey(was))?.oid ?? was.oid) !== was.oid;
  });
}

/** Relations of which a column that was there before became NOT NULL. Pure. */
export function tightenedStorage(
  before: readonly StoredRelation[],
  after: readonly StoredRelation[],
): StoredRelation[] {
  const byOid = new Map(before.map((relation) => [relation.oid, relation.notNull]));
  return after.filter(({ oid, notNull }) => {
    const was = byOid.get(oid) ?? {};
    return Object.entries(notNull).some(([column, isNotNull]) => isNotNull && was[column] === false);
  });
}

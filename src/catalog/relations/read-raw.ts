import type { Row, Session } from '../../postgres/session.js';
import { BEHIND, HAS_BEHIND, behindIn, type Behind } from '../sql/behind-sql.js';
import { columnsIn, type ColumnsText } from './column-lists.js';
import { columnLists, COMPUTED, HAS_DEFAULT, NOT_NULL } from '../sql/columns-sql.js';
import { lookUpAny } from '../sql/names-sql.js';
import type { Relation, ShardColumn } from './relation.js';
import { FIRST_OF_USERS } from '../sql/type-sql.js';

/** A relation and its columns, without anything that deparses and so might wait. */
export interface RawRelation extends RawHead {
  /** In the order of their numbers; relations that are alike share one list. */
  readonly columns: readonly RawColumn[];
  readonly behind: readonly Behind[];
}

interface RawHead extends Pick<Relation, 'oid' | 'schema' | 'name' | 'kind' | 'filenode'> {}

/** A column, without its type and default, which would be deparsed. */
export interface RawColumn extends Pick<
  ShardColumn,
  'attnum' | 'name' | 'notNull' | 'hasDefault' | 'computed'
> {
  /** NOT NULL for rows that are written from now on, which {@link notNull} is for every row. */
  readonly isRequired: boolean;
}

const FIELDS = {
  attnum: 'a.attnum',
  name: 'a.attname',
  notNull: NOT_NULL,
  isRequired: 'a.attnotnull',
  hasDefault: HAS_DEFAULT,
  computed: COMPUTED,
};

/**
 * Raw catalog columns only: this runs on another connection than the one whose DDL is open, and any deparse
 * function there would wait for our own lock (PROTOCOL section 4, number 3: shown on 15 and 18).
 */
const RAW = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
         c.relfilenode::text AS filenode, ${columnLists(FIELDS)} AS columns, ${BEHIND} AS behind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')`;

/** The relations with these oids, as the session's snapshot sees them. */
export async function readRaw(session: Session, oids: readonly string[]): Promise<RawRelation[]> {
  return oids.length === 0 ? [] : withColumns(await session.prepared<RawRow>(RAW, [oids]));
}

interface RawRow extends Row, RawHead {
  readonly columns: ColumnsText<RawColumn>;
  readonly behind: string | null;
}

function withColumns(rows: readonly RawRow[]): RawRelation[] {
  const texts = new Set(rows.map(({ columns }) => columns));
  const lists = new Map([...texts].map((text) => [text, columnsIn(text)]));
  return rows.map((row) => ({
    ...row,
    columns: lists.get(row.columns) ?? [],
    behind: behindIn(row.behind),
  }));
}

/**
 * The relations that the session's open transaction created, altered, indexed or dropped, with the locks that
 * row changes and reads take left out. Schemas and types leave no lock to be seen and are compared whole. In one row:
 * there are a hundred for each tenant's ten tables, most of them indexes and the like, which nobody asks for. What is gone
 * may have been one of those too.
 */
const TOUCHED = `
  SELECT coalesce(json_agg(json_build_object('schema', schema, 'oids', oids, 'behind', behind)), '[]'::json)::text AS touched
    FROM (SELECT n.nspname AS schema, string_agg(locked.relation::text, ' ') AS oids,
                 json_object_agg(c.oid, ${BEHIND}) FILTER (WHERE ${HAS_BEHIND}) AS behind
            FROM (SELECT DISTINCT relation FROM pg_locks
                   WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= ${FIRST_OF_USERS}
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')) AS locked
          ${lookUpAny('pg_class', 'c', 'c.oid = locked.relation')}
            LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.oid IS NULL OR c.relkind IN ('r', 'v', 'm', 'p', 'f', 'c')
           GROUP BY n.nspname) AS by_schema`;

/** Relations and composite types of which a transaction changed more than rows. */
export interface TouchedRelations {
  readonly oids: readonly string[];
  /** By oid, what stands behind views, parents and tables with policies. */
  readonly behind: ReadonlyMap<string, readonly Behind[]>;
  /** Those that are in none of these schemas; what is gone is nowhere. */
  readonly outside: (schemas: readonly string[]) => readonly string[];
}

interface TouchedList {
  readonly schema: string | null;
  readonly oids: string;
  readonly behind: Readonly<Record<string, string | null>> | null;
}

/** What the open transaction of `session` has made or changed so far. */
export async function touchedRelations(session: Session): Promise<TouchedRelations> {
  const [row] = await session.prepared<{ touched: string }>(TOUCHED, []);
  const lists = JSON.parse(row?.touched ?? '[]') as TouchedList[];
  const touched = lists.map(({ schema, oids }) => ({ schema, oids: oids.split(' ') }));
  return {
    oids: touched.flatMap(({ oids }) => oids),
    behind: new Map(
      lists.flatMap(({ behind }) =>
        Object.entries(behind ?? {}).map(([oid, text]) => [oid, behindIn(text)] as const),
      ),
    ),
    outside: (schemas) => {
      const own = new Set(schemas);
      return touched.flatMap(({ schema, oids }) => (schema === null || own.has(schema) ? [] : oids));
    },
  };
}

/** Those of the tables that hold something; the session may have locked them. One that is gone holds nothing any more. */
export async function readFilledTables(
  session: Session,
  oids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (oids.length === 0) return new Set();
  const rows = await session.prepared<{ oid: string }>(
    'SELECT one::text AS oid FROM unnest($1::oid[]) AS one WHERE pg_relation_size(one) > 0',
    [oids],
  );
  return new Set(rows.map(({ oid }) => oid));
}

import { compareNames } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { COLUMNS } from '../sql/columns-sql.js';
import { columnsOf } from './read-columns.js';
import type { Relation } from './relation.js';

/** Relations of a shard: those in the given schemas, or of these only the ones with the given oids. */
export interface RelationScope {
  readonly schemas: readonly string[];
  readonly oids?: readonly string[];
}

interface RelationRow extends Row {
  oid: string;
  schema: string;
  name: string;
  kind: Relation['kind'];
  filenode: string;
  insertable: boolean;
  isPartition: boolean;
  columns: string;
}

/**
 * The kinds that IMPORT FOREIGN SCHEMA takes, and partitions, which it takes when they are named. Of
 * pg_relation_is_updatable, INSERT is the bit 8, INSTEAD OF triggers counted.
 */
const relations = (source: string, among: string): string => `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
         c.relfilenode::text AS filenode,
         CASE WHEN c.relkind IN ('v', 'f') THEN pg_relation_is_updatable(c.oid, true) & 8 <> 0
              ELSE c.relkind <> 'm' END AS insertable,
         c.relispartition AS "isPartition", ${COLUMNS} AS columns
    FROM ${source} AS c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname IN (SELECT unnest($1::text[])) AND c.relkind IN ('r', 'v', 'm', 'p', 'f') ${among}`;

/**
 * Two texts, since a plan for both would not go by the oids. OFFSET 0 keeps the planner from joining the other way
 * round: pg_class has no index that begins with the schema, and for each schema all of it would be read.
 */
const [ALL, THESE] = [
  relations('(SELECT * FROM pg_class OFFSET 0)', ''),
  relations('pg_class', 'AND c.oid = ANY ($2::oid[])'),
];

/**
 * Definitions of relations, deparsed. Only for a session that sees its own DDL, or where nobody holds locks:
 * pg_get_expr waits for a lock on the table (PROTOCOL section 4, number 3).
 */
export async function readRelations(session: Session, scope: RelationScope): Promise<Relation[]> {
  if (scope.schemas.length === 0 || scope.oids?.length === 0) return [];
  const { schemas, oids } = scope;
  const rows = await (oids === undefined
    ? session.prepared<RelationRow>(ALL, [schemas])
    : session.prepared<RelationRow>(THESE, [schemas, oids]));
  const built = await columnsOf(rows);
  return rows.toSorted(compareNames).map((row) => ({ ...row, columns: built(row.columns) }));
}

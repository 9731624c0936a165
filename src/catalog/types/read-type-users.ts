import type { Row, Session } from '../../postgres/session.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import { lookUp, lookUpAny, typeNamed } from '../sql/names-sql.js';

/** A relation with columns that reach a type, through arrays, domains, composites or ranges. */
export interface TypeUser extends Row, QualifiedName {
  readonly kind: 'foreign' | 'partitioned' | 'other';
  readonly owner: string;
  /** The foreign table's server. */
  readonly server: string | null;
  /** The type of those asked for that it reaches. */
  readonly type: string;
}

/**
 * Upwards by pg_depend, which knows an array, a domain, a range and a column of a composite type as dependents of
 * their parts, and has an index for the question.
 */
const USERS = `
  WITH RECURSIVE above(root, oid) AS (
    SELECT root, root FROM (SELECT ${typeNamed('named')} FROM unnest($1::text[], $2::text[]) AS named(schema, name) OFFSET 0) AS roots(root)
     WHERE root IS NOT NULL
    UNION
    SELECT above.root, CASE WHEN d.classid = 'pg_type'::regclass THEN d.objid ELSE c.reltype END
      FROM above ${lookUp('pg_depend', 'd', "d.refclassid = 'pg_type'::regclass AND d.refobjid = above.oid")}
      ${lookUpAny('pg_class', 'c', "d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'c'")}
     WHERE d.classid = 'pg_type'::regclass OR (c.oid IS NOT NULL AND d.objsubid > 0))
  SELECT DISTINCT above.root::text AS type, n.nspname::text AS schema, c.relname::text AS name,
         pg_get_userbyid(c.relowner)::text AS owner, s.srvname::text AS server,
         CASE c.relkind WHEN 'f' THEN 'foreign' WHEN 'p' THEN 'partitioned' ELSE 'other' END AS kind
    FROM above
   ${lookUp('pg_depend', 'd', "d.refclassid = 'pg_type'::regclass AND d.refobjid = above.oid AND d.classid = 'pg_class'::regclass AND d.objsubid > 0")}
   ${lookUp('pg_class', 'c', "c.oid = d.objid AND c.relkind <> 'c'")}
   ${lookUp('pg_namespace', 'n', 'n.oid = c.relnamespace')}
   ${lookUpAny('pg_foreign_table', 'f', 'f.ftrelid = c.oid')}
   ${lookUpAny('pg_foreign_server', 's', 's.oid = f.ftserver')}
   ORDER BY 2, 3`;

/** The relations whose columns reach the types of these names. */
export async function readTypeUsers(session: Session, types: readonly QualifiedName[]): Promise<TypeUser[]> {
  if (types.length === 0) return [];
  return session.prepared<TypeUser>(USERS, [
    types.map(({ schema }) => schema),
    types.map(({ name }) => name),
  ]);
}

/** Of these types the ones that nothing else is made of: dropping them takes nothing along but their arrays and constructors. */
export async function readUnused(session: Session, types: readonly string[]): Promise<Set<string>> {
  if (types.length === 0) return new Set();
  const rows = await session.prepared<{ oid: string }>(
    `WITH RECURSIVE own(root, oid) AS (
       SELECT root, root FROM unnest($1::oid[]) AS root
       UNION SELECT own.root, d.objid FROM own JOIN pg_depend d
           ON d.refclassid = 'pg_type'::regclass AND d.refobjid = own.oid
          AND d.classid = 'pg_type'::regclass AND d.deptype = 'i')
     SELECT t.oid::text AS oid FROM pg_type t WHERE t.oid = ANY ($1::oid[])
        AND NOT EXISTS (
          SELECT FROM pg_depend d JOIN own ON own.root = t.oid AND d.refobjid = own.oid
           WHERE d.refclassid = 'pg_type'::regclass AND d.deptype = 'n'
             AND NOT EXISTS (SELECT FROM pg_depend i JOIN own self ON self.root = t.oid AND i.refobjid = self.oid
                              WHERE (i.classid, i.objid) = (d.classid, d.objid)
                                AND i.refclassid = 'pg_type'::regclass AND i.deptype = 'i'))`,
    [types],
  );
  return new Set(rows.map(({ oid }) => oid));
}

/** A column of exactly a range, its multirange, or an array of one; a partition's stands with its parent. */
export interface RangeColumn extends Row, QualifiedName {
  /** The range. */
  readonly type: string;
  /** Oid of the relation. */
  readonly relation: string;
  readonly column: string;
  readonly kind: 'foreign' | 'partitioned';
  readonly of: 'range' | 'multirange';
  readonly isArray: boolean;
}

const RANGE_COLUMNS = `
  WITH RECURSIVE own(root, oid) AS (
    SELECT root, root FROM unnest($1::oid[]) AS root
    UNION SELECT own.root, d.objid FROM own JOIN pg_depend d
        ON d.refclassid = 'pg_type'::regclass AND d.refobjid = own.oid
       AND d.classid = 'pg_type'::regclass AND d.deptype = 'i')
  SELECT own.root::text AS type, c.oid::text AS relation, n.nspname::text AS schema, c.relname::text AS name,
         a.attname::text AS column, CASE c.relkind WHEN 'f' THEN 'foreign' ELSE 'partitioned' END AS kind,
         CASE e.typtype WHEN 'r' THEN 'range' ELSE 'multirange' END AS of, e.oid <> t.oid AS "isArray"
    FROM own JOIN pg_type t ON t.oid = own.oid
    JOIN pg_type e ON e.oid = CASE WHEN t.typtype = 'b' THEN t.typelem ELSE t.oid END
    JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = t.oid
                    AND d.classid = 'pg_class'::regclass AND d.objsubid > 0
    JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('f', 'p') AND NOT c.relispartition
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
   ORDER BY 3, 4, a.attnum`;

/** The columns that have one of these ranges, or what comes with it. */
export async function readRangeColumns(session: Session, ranges: readonly string[]): Promise<RangeColumn[]> {
  return ranges.length === 0 ? [] : session.query<RangeColumn>(RANGE_COLUMNS, [ranges]);
}

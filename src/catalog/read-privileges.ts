import type { Session } from '../postgres/session.js';

/** What a role is to be allowed in a schema. */
export interface WantedPrivileges {
  readonly schema: string;
  readonly role: string;
  readonly privileges: readonly string[];
  /** Only foreign tables on these servers are meant: others have tables in the schema, too. Left out: all relations. */
  readonly servers?: readonly string[];
  /** Besides: views whose name one of these regular expressions matches. */
  readonly views?: readonly string[];
}

/** Which parts of it are there; all false where the schema does not exist yet. */
export interface PresentPrivileges {
  readonly schema: string;
  readonly role: string;
  /** USAGE on the schema. */
  readonly usage: boolean;
  /** Every relation of the schema that is meant. */
  readonly tables: boolean;
  /** Those that are meant by their servers, and lack a privilege: qualified and quoted. */
  readonly lacking: readonly string[];
  readonly sequences: boolean;
  /** What the user who migrates will create there: this session's, or where that may only read, who set the fleet up. */
  readonly futureTables: boolean;
  readonly futureSequences: boolean;
}

/** Default privileges for relations (r) or sequences (S) that whoever migrates will create in a schema. */
const future = (kind: 'r' | 'S'): string => `
  SELECT a.privilege_type FROM pg_default_acl d, aclexplode(d.defaclacl) AS a
   WHERE d.defaclrole = CASE WHEN has_schema_privilege(w.namespace, 'CREATE')
                             THEN (SELECT oid FROM pg_roles WHERE rolname = current_user)
                             ELSE (SELECT nspowner FROM pg_namespace WHERE nspname = 'pgveneer') END
     AND d.defaclnamespace = w.namespace AND d.defaclobjtype = '${kind}' AND a.grantee = w.grantee`;

const MEANT = `(c.relkind = 'v' AND c.relname ~ ANY (w.views)
                OR EXISTS (SELECT FROM pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver
                            WHERE t.ftrelid = c.oid AND s.srvname = ANY (w.servers)))`;

/**
 * The relations of all schemas together: pg_class has no index that begins with the schema, and to look for those of one
 * would read all of it each time.
 */
const PRIVILEGES = `
  WITH w AS MATERIALIZED (
    SELECT row_number() OVER () AS id, w.*, r.oid AS grantee, n.oid AS namespace
      FROM json_to_recordset($1::json)
             AS w(schema text, role text, privileges text[], servers text[], views text[])
      JOIN pg_roles r ON r.rolname = w.role
      LEFT JOIN pg_namespace n ON n.nspname = w.schema),
  own AS (
    SELECT w.id, c.relname, c.relkind = 'S' AS counts,
           -- CASE, because the planner may else ask has_sequence_privilege about what is no sequence, an error
           CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(w.grantee, c.oid, 'USAGE')
                ELSE NOT EXISTS (SELECT FROM unnest(w.privileges) AS p
                                  WHERE NOT has_table_privilege(w.grantee, c.oid, p)) END AS allowed
      FROM w JOIN pg_class c ON c.relnamespace = w.namespace
     WHERE c.relkind = 'S' OR c.relkind IN ('r', 'v', 'm', 'p', 'f') AND (w.servers IS NULL OR ${MEANT})),
  found AS (
    SELECT id, bool_and(allowed) FILTER (WHERE NOT counts) AS tables, bool_and(allowed) FILTER (WHERE counts) AS sequences,
           array_agg(relname ORDER BY relname) FILTER (WHERE NOT counts AND NOT allowed) AS lacking
      FROM own GROUP BY id)
  SELECT w.schema, w.role,
         coalesce(has_schema_privilege(w.grantee, w.namespace, 'USAGE'), false) AS usage,
         (w.namespace IS NOT NULL OR w.servers IS NOT NULL) AND coalesce(f.tables, true) AS tables,
         CASE WHEN w.servers IS NULL THEN '{}' ELSE ARRAY(
           SELECT format('%I.%I', w.schema, name) FROM unnest(f.lacking) AS name) END AS lacking,
         w.namespace IS NOT NULL AND coalesce(f.sequences, true) AS sequences,
         NOT EXISTS (SELECT upper(p) FROM unnest(w.privileges) AS p EXCEPT ${future('r')}) AS "futureTables",
         'USAGE' IN (${future('S')}) AS "futureSequences"
    FROM w LEFT JOIN found f ON f.id = w.id
   ORDER BY w.id`;

/** Compares with the catalogs what roles may do; a role that does not exist is left out. One query. */
export async function readPrivileges(
  session: Session,
  wanted: readonly WantedPrivileges[],
): Promise<PresentPrivileges[]> {
  if (wanted.length === 0) return [];
  return session.prepared<PresentPrivileges & Record<string, unknown>>(PRIVILEGES, [JSON.stringify(wanted)]);
}

/** Those of the names that are roles of this server. */
export async function readRoles(session: Session, names: readonly string[]): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::text[])',
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

/** Those of the names that are schemas of this database. */
export async function readSchemas(session: Session, names: readonly string[]): Promise<Set<string>> {
  const rows = await session.prepared<{ name: string }>(
    'SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1::text[])',
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

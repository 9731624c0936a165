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

/** Default privileges for relations (r) or sequences (S) that whoever migrates will create in schema n. */
const future = (kind: 'r' | 'S'): string => `
  SELECT a.privilege_type FROM pg_default_acl d, aclexplode(d.defaclacl) AS a
   WHERE d.defaclrole = CASE WHEN has_schema_privilege(n.oid, 'CREATE')
                             THEN (SELECT oid FROM pg_roles WHERE rolname = current_user)
                             ELSE (SELECT nspowner FROM pg_namespace WHERE nspname = 'pgveneer') END
     AND d.defaclnamespace = n.oid AND d.defaclobjtype = '${kind}' AND a.grantee = r.oid`;

const MEANT = `(c.relkind = 'v' AND c.relname ~ ANY (w.views)
                OR EXISTS (SELECT FROM pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver
                            WHERE t.ftrelid = c.oid AND s.srvname = ANY (w.servers)))`;

const PRIVILEGES = `
  SELECT w.schema, w.role,
         coalesce(has_schema_privilege(r.oid, n.oid, 'USAGE'), false) AS usage,
         (n.oid IS NOT NULL OR w.servers IS NOT NULL) AND NOT EXISTS (
           SELECT FROM pg_class c, unnest(w.privileges) AS p
            WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
              AND (w.servers IS NULL OR ${MEANT}) AND NOT has_table_privilege(r.oid, c.oid, p)) AS tables,
         CASE WHEN w.servers IS NULL THEN '{}' ELSE ARRAY(
           SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
            WHERE c.relnamespace = n.oid AND ${MEANT}
              AND EXISTS (SELECT FROM unnest(w.privileges) AS p WHERE NOT has_table_privilege(r.oid, c.oid, p))
            ORDER BY c.relname) END AS lacking,
         n.oid IS NOT NULL AND NOT EXISTS (
           SELECT FROM pg_class c WHERE c.relnamespace = n.oid
              -- CASE, because the planner may else ask has_sequence_privilege about what is no sequence, an error
              AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(r.oid, c.oid, 'USAGE') END) AS sequences,
         NOT EXISTS (SELECT upper(p) FROM unnest(w.privileges) AS p EXCEPT ${future('r')}) AS "futureTables",
         'USAGE' IN (${future('S')}) AS "futureSequences"
    FROM json_to_recordset($1::json) AS w(schema text, role text, privileges text[], servers text[], views text[])
    JOIN pg_roles r ON r.rolname = w.role
    LEFT JOIN pg_namespace n ON n.nspname = w.schema`;

/** Compares with the catalogs what roles may do; a role that does not exist is left out. One query. */
export async function readPrivileges(
  session: Session,
  wanted: readonly WantedPrivileges[],
): Promise<PresentPrivileges[]> {
  if (wanted.length === 0) return [];
  return session.query<PresentPrivileges & Record<string, unknown>>(PRIVILEGES, [JSON.stringify(wanted)]);
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
  const rows = await session.query<{ name: string }>(
    'SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1::text[])',
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

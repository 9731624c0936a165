import type { Row, Session } from '../postgres/session.js';

/** What a server knows about an extension, and may this user make it there? */
export interface ExtensionState extends Row {
  readonly name: string;
  /** Its schema; null where it is not in this database. */
  readonly schema: string | null;
  readonly available: boolean;
  /** CREATE EXTENSION would be allowed: a superuser, or a trusted one and CREATE on the database. */
  readonly creatable: boolean;
  /** The schema that its control file insists on. */
  readonly fixedSchema: string | null;
}

const EXTENSIONS = `
  SELECT w.name, n.nspname::text AS schema, v.name IS NOT NULL AS available, v.schema::text AS "fixedSchema",
         v.name IS NOT NULL AND (r.rolsuper OR NOT v.superuser
           OR (v.trusted AND has_database_privilege(current_database(), 'CREATE'))) AS creatable
    FROM unnest($1::text[]) AS w(name)
    JOIN pg_roles r ON r.rolname = current_user
    LEFT JOIN pg_extension x ON x.extname = w.name
    LEFT JOIN pg_namespace n ON n.oid = x.extnamespace
    LEFT JOIN pg_available_extensions a ON a.name = w.name
    LEFT JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
   ORDER BY w.name`;

/** The state of these extensions, one each. */
export async function readExtensions(session: Session, names: readonly string[]): Promise<ExtensionState[]> {
  return names.length === 0 ? [] : session.prepared<ExtensionState>(EXTENSIONS, [names]);
}

/** Of these extensions those that are in this database and bring types, with the schema of each. */
export async function readTypeOwners(
  session: Session,
  names: readonly string[],
): Promise<(Row & { readonly name: string; readonly schema: string })[]> {
  if (names.length === 0) return [];
  return session.prepared(
    `SELECT x.extname::text AS name, n.nspname::text AS schema
       FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
      WHERE x.extname = ANY ($1::text[])
        AND EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid
                       AND d.classid = 'pg_type'::regclass AND d.deptype = 'e')
      ORDER BY x.extname`,
    [names],
  );
}

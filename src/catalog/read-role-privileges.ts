import type { QualifiedName } from '../postgres/identifiers.js';
import type { Row, Session } from '../postgres/session.js';

/** What a role may do with a relation, USAGE on its schema considered. */
export interface RolePrivileges extends QualifiedName {
  readonly role: string;
  /** Of select, insert, update and delete, in this order. */
  readonly privileges: readonly string[];
}

/** Of each role that there is, on each of the relations that there are. One query. */
export async function readRolePrivileges(
  session: Session,
  roles: readonly string[],
  relations: readonly QualifiedName[],
): Promise<RolePrivileges[]> {
  if (roles.length === 0 || relations.length === 0) return [];
  return session.prepared<RolePrivileges & Row>(
    `SELECT r.rolname::text AS role, n.nspname::text AS schema, c.relname::text AS name,
            ARRAY(SELECT p FROM unnest('{select,insert,update,delete}'::text[]) WITH ORDINALITY AS u(p, place)
                   WHERE has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, p)
                   ORDER BY place) AS privileges
       FROM unnest($2::text[], $3::text[]) AS wanted(schema, name)
       JOIN pg_namespace n ON n.nspname = wanted.schema
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
      CROSS JOIN pg_roles r
      WHERE r.rolname = ANY ($1::text[])`,
    [roles, relations.map(({ schema }) => schema), relations.map(({ name }) => name)],
  );
}

import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { MemberPlan } from '../setup/setup-plan.js';

/**
 * What of setup's statements PostgreSQL refuses, since somebody else owns what they are about, as SQL for a superuser: GRANTs on all that
 * a schema has, where some of it is another's, are refused whole; a server and its user mappings are for who owns the server.
 */
export async function lackedByOwners(session: Session, { statements }: MemberPlan): Promise<string[]> {
  if (statements.length === 0) return [];
  const [row] = await session.query<{
    readonly schemas: readonly string[];
    readonly servers: readonly string[];
  }>(OTHERS);
  const { schemas = [], servers = [] } = row ?? {};
  const all = statements.map(({ sql }) => sql);
  const mixed = schemas.map((schema) => ` IN SCHEMA ${ident(schema)} TO `);
  return [
    ...all.filter((sql) => ON_ALL.test(sql) && mixed.some((part) => sql.includes(part))),
    ...servers
      .filter((server) => all.some((sql) => sql.includes(` SERVER ${ident(server)} `)))
      .map((server) => `ALTER SERVER ${ident(server)} OWNER TO ${ident(session.server.user)}`),
  ];
}

const ON_ALL = /^GRANT .* ON ALL (TABLES|SEQUENCES) IN SCHEMA /s;

/** Schemas with relations, and servers, of which this user is not the owner. */
const OTHERS = `
  SELECT ARRAY(SELECT DISTINCT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                  AND NOT pg_has_role(current_user, c.relowner, 'USAGE')) AS schemas,
         ARRAY(SELECT srvname::text FROM pg_foreign_server
                WHERE NOT pg_has_role(current_user, srvowner, 'USAGE') ORDER BY 1) AS servers`;

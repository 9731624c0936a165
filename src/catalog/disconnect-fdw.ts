import { ident } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';

/**
 * Ends the connections that postgres_fdw has kept to a server for this session, as it does until the session ends: with a
 * server per tenant they would add up. Does nothing before PostgreSQL 14, which has no function for it
 * (https://www.postgresql.org/docs/current/postgres-fdw.html#POSTGRES-FDW-FUNCTIONS). In no transaction that has used them.
 */
export async function disconnectFdw(session: Session, server: string): Promise<void> {
  const disconnect = await readDisconnect(session);
  if (disconnect !== null) await disconnect(server);
}

/** The same for many servers: asks for the function once. Null where there is none. */
export async function readDisconnect(
  session: Session,
): Promise<((server: string) => Promise<unknown>) | null> {
  const [there] = await session.prepared<{ schema: string }>(
    `SELECT n.nspname::text AS schema
       FROM pg_extension e
       JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
                       AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
       JOIN pg_proc p ON p.oid = d.objid AND p.proname = 'postgres_fdw_disconnect'
       JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE e.extname = 'postgres_fdw'`,
  );
  if (there === undefined) return null;
  const text = `SELECT ${ident(there.schema)}.postgres_fdw_disconnect($1)`;
  return (server) => session.prepared(text, [server]);
}

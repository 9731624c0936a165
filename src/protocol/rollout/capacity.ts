import type { Row, Session } from '../../postgres/session.js';

/** What a server has left for a run. Slots, connections and the lock table belong to the server, not to a database. */
export interface Capacity extends Row {
  /** system_identifier: members with the same one share all of this. */
  readonly server: string;
  /** Locks that all transactions of the server together may hold: max_locks_per_transaction × (max_connections + max_prepared_transactions). */
  readonly locks: number;
  readonly freeSlots: number;
  readonly freeConnections: number;
  /** How many connections it allows, without those that are kept for superusers. */
  readonly connections: number;
  /** Open ones of postgres_fdw, as far as this user may see them. */
  readonly fdwConnections: number;
  /** Sessions of the application in this database that may use a user mapping. */
  readonly sessions: number;
}

/**
 * Reads it from a session on the server; `roles`: those that have user mappings. backend_type is null for sessions of
 * other users (unless with pg_read_all_stats): whatever has a database and a user is counted.
 */
export async function readCapacity(session: Session, roles: readonly string[] = []): Promise<Capacity> {
  const [row] = await session.asLogin<Capacity>(
    `SELECT s.locks * (s.connections + s.slots) AS locks,
            s.slots - (SELECT count(*) FROM pg_prepared_xacts)::int AS "freeSlots",
            s.connections - s.reserved - a.used AS "freeConnections",
            s.connections - s.reserved AS connections, a.fdw AS "fdwConnections", a.sessions
       FROM (SELECT current_setting('max_locks_per_transaction')::int AS locks,
                    current_setting('max_connections')::int AS connections,
                    current_setting('superuser_reserved_connections')::int AS reserved,
                    current_setting('max_prepared_transactions')::int AS slots) AS s,
            (SELECT count(*)::int AS used,
                    (count(*) FILTER (WHERE application_name = 'postgres_fdw'))::int AS fdw,
                    (count(*) FILTER (WHERE datname = current_database() AND usename = ANY ($1::text[])
                                        AND coalesce(application_name, '') NOT LIKE 'pgv %'))::int AS sessions
               FROM pg_stat_activity
              WHERE datid IS NOT NULL AND usesysid IS NOT NULL
                AND coalesce(backend_type, 'client backend') = 'client backend') AS a`,
    [roles],
  );
  if (row === undefined) throw new Error('a query without FROM gives one row');
  return { ...row, server: session.server.systemIdentifier };
}

import type { Config } from '../../config/config.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import type { ShardPlan } from '../../migrations/plan.js';
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

/**
 * Locks that one statement of a migration takes per tenant, at most: a table with its row type, TOAST table and index,
 * primary key, a foreign key's two ends. An estimate on the safe side; creating a table with an index and a check was
 * measured at 14 for its three.
 */
const LOCKS_PER_STATEMENT = 8;

/** One step may fill half of the lock table: the rest is the application's. */
const SHARE = 0.5;

/** How many tenants of a step fit into the lock table of the smallest server that it touches. Pure. */
export function tenantsThatFit(statements: number, capacities: readonly Capacity[], lanes: number): number {
  const locks = Math.min(...capacities.map((capacity) => capacity.locks));
  return Math.max(1, Math.floor((locks * SHARE) / lanes / (LOCKS_PER_STATEMENT * Math.max(1, statements))));
}

/** How many tenants of a shard go into one step; `none`: all of them. */
export type Batch = Config['rollout']['batch'] | 'none';

/** A partitioned table changes when all of its partitions do, those of all tenants of a shard included. Pure. */
export const batchFor = (config: Pick<Config, 'expose' | 'rollout'>): Batch =>
  sharesParents(config) ? 'none' : config.rollout.batch;

/** The steps of a shard in batches; `batch` auto: as many tenants as fit. Pure. */
export function inBatches(
  plan: ShardPlan,
  batch: Batch,
  capacities: readonly Capacity[],
  lanes: number,
): ShardPlan {
  if (batch === 'none') return plan;
  const steps = plan.steps.flatMap((step) => {
    const { migration, tenants } = step;
    if (tenants.length === 0) return [step];
    const statements = migration.body.kind === 'static' ? migration.body.statements.length : 1;
    const size = batch === 'auto' ? tenantsThatFit(statements, capacities, lanes) : batch;
    return Array.from({ length: Math.ceil(tenants.length / size) }, (_, index) => ({
      ...step,
      tenants: tenants.slice(index * size, (index + 1) * size),
    }));
  });
  return { ...plan, steps };
}

import { EXIT, VeneerError } from '../errors.js';
import type { ShardPlan } from '../migrations/plan.js';
import type { Row, Session } from '../postgres/session.js';

/** What a server has left for a run. Slots, connections and the lock table belong to the server, not to a database. */
export interface Capacity extends Row {
  /** Locks that all transactions of the server together may hold: max_locks_per_transaction × (max_connections + max_prepared_transactions). */
  readonly locks: number;
  readonly freeSlots: number;
  readonly freeConnections: number;
}

/** Reads it from a session on the server. */
export async function readCapacity(session: Session): Promise<Capacity> {
  const [row] = await session.query<Capacity>(
    `SELECT s.locks * (s.connections + s.slots) AS locks,
            s.slots - (SELECT count(*) FROM pg_prepared_xacts)::int AS "freeSlots",
            s.connections - s.reserved
              - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS "freeConnections"
       FROM (SELECT current_setting('max_locks_per_transaction')::int AS locks,
                    current_setting('max_connections')::int AS connections,
                    current_setting('superuser_reserved_connections')::int AS reserved,
                    current_setting('max_prepared_transactions')::int AS slots) AS s`,
  );
  if (row === undefined) throw new Error('a query without FROM gives one row');
  return row;
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

/**
 * How many shards can be migrated at the same time: on a veneer each takes a connection and, to prepare, a slot.
 * Throws (exit 20) where not even one can.
 */
export function lanesThatFit(
  concurrency: number,
  veneers: ReadonlyMap<string, Capacity>,
  prepares: boolean,
): number {
  const limits = [...veneers].map(([member, { freeConnections, freeSlots }]) => {
    if (freeConnections < 1) throw full(member, 'connection', 'max_connections');
    if (prepares && freeSlots < 1)
      throw full(member, 'slot for a prepared transaction', 'max_prepared_transactions');
    return Math.min(freeConnections, prepares ? freeSlots : freeConnections);
  });
  return Math.min(concurrency, ...limits);
}

const full = (member: string, what: string, setting: string): VeneerError =>
  new VeneerError(`${member} has no free ${what}`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: `raise ${setting} there, or wait until others are done`,
  });

/** The steps of a shard in batches; `batch` auto: as many tenants as fit. Pure. */
export function inBatches(
  plan: ShardPlan,
  batch: number | 'auto',
  capacities: readonly Capacity[],
  lanes: number,
): ShardPlan {
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

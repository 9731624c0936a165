import { setTimeout as delay } from 'node:timers/promises';
import { readForeignTableHeads } from '../../catalog/read-foreign-tables.js';
import { EXIT, VeneerError } from '../../errors.js';
import { allDone } from '../../postgres/all-done.js';
import { display, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { lockTables, type ReadLocked } from './lock-tables.js';
import { beginOnVeneer } from './veneer-work.js';
import { throwIfAborted } from '../lane/watched.js';

/**
 * Begins, and puts up the fence around a step that rewrites a table (PROTOCOL section 5).
 *
 * postgres_fdw's remote transactions are REPEATABLE READ, and a rewrite is not MVCC-safe: a veneer session that
 * already has a snapshot on the shard would afterwards read zero rows, without an error, where a plain server
 * reads them all. Such a session holds ACCESS SHARE on some foreign table of that server until its transaction
 * ends; so locking every foreign table of the server waits for the old ones, and lets no new one begin before the
 * step has ended. What slips through gave its lock back by ROLLBACK TO SAVEPOINT, and keeps its remote snapshot:
 * `awaitOldSnapshots` finds it on the shard. `behind` reads what is locked then.
 *
 * SET NOT NULL needs it as well: from PostgreSQL 17 on `a IS NULL` is answered by the definition alone, and an old
 * snapshot may still show the row from before its NULL was filled.
 */
export async function fenceVeneer(
  lane: Lane,
  veneer: Session,
  budget: Budget,
  behind?: ReadLocked,
): Promise<void> {
  const [tables] = await allDone([
    readForeignTableHeads(veneer, [lane.shard.server.name]),
    beginOnVeneer(lane, veneer, budget),
  ]);
  await lockTables(lane, veneer, tables, budget, behind);
}

/** Milliseconds between two looks for old snapshots. */
const LOOK_MS = 20;

/**
 * Waits, for what is left of lock_wait, until no session of a mapped user has a snapshot on the shard that is older
 * than the step's transaction. pg_stat_activity shows backend_xmin to everybody. A direct session of such a user
 * looks the same and is waited for as well. Throws what makes the attempt be tried again.
 */
export async function awaitOldSnapshots(
  lane: Lane,
  session: Session,
  changed: readonly QualifiedName[],
): Promise<void> {
  const deadline = performance.now() + lane.run.config.rollout.lockWaitMs;
  for (;;) {
    const old = await readOldSnapshots(lane, session);
    if (old.length === 0) return;
    if (performance.now() > deadline) throw oldSnapshots(lane, old, changed);
    throwIfAborted(lane.run.signal);
    await delay(LOOK_MS);
  }
}

interface OldSnapshot extends Row {
  readonly pid: number;
  readonly application_name: string;
}

/** backend_type is not asked for: of other users' sessions it is shown to superusers alone. */
async function readOldSnapshots(lane: Lane, session: Session): Promise<OldSnapshot[]> {
  // A transaction keeps the first copy that it made of pg_stat_activity. Asked together, they are run in this order.
  const [, old] = await allDone([
    session.prepared('SELECT pg_stat_clear_snapshot()'),
    session.prepared<OldSnapshot>(
      `SELECT pid, application_name FROM pg_stat_activity
      WHERE datname = current_database() AND usename = ANY ($1::text[])
        AND pid <> pg_backend_pid() AND age(backend_xmin) >= age(pg_current_xact_id()::xid)`,
      [lane.shard.userMappings.map((mapping) => mapping.user)],
    ),
  ]);
  return old;
}

function oldSnapshots(
  lane: Lane,
  old: readonly OldSnapshot[],
  [first]: readonly QualifiedName[],
): VeneerError {
  const name = first === undefined ? 'a table' : display(first);
  return new VeneerError(`a session still reads ${lane.shard.name} as it was before ${name} was changed`, {
    exitCode: EXIT.failed,
    sqlstate: SQLSTATE.lockNotAvailable,
    where: { member: lane.shard.name },
    detail: old
      .map(({ pid, application_name }) => `pid ${pid} (${application_name || 'unnamed'})`)
      .join(', '),
  });
}

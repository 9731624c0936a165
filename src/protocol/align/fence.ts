import { setTimeout as delay } from 'node:timers/promises';
import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import { EXIT, VeneerError } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { allDone } from '../../postgres/all-done.js';
import { display, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { BLOCKER_COLUMNS, blockerText, type Blocker } from '../lane/blockers.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { lockTables, type ReadLocked } from './lock-tables.js';
import { beginOnVeneer } from './veneer-work.js';
import { terminateStubborn, throwIfAborted } from '../lane/watched.js';

/**
 * Begins, and puts up the fence around a step that rewrites a table, or puts other rows behind a name (PROTOCOL section 5).
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
 * Waits, for what is left of lock_wait, until no session of postgres_fdw has a snapshot on the shard that is older
 * than the step's transaction. Whom the user lets the run end, it ends. Throws what makes the attempt be tried again.
 */
export async function awaitOldSnapshots(
  lane: Lane,
  session: Session,
  changed: readonly QualifiedName[],
): Promise<void> {
  const deadline = performance.now() + lane.run.config.rollout.lockWaitMs;
  const names = fdwNames(lane);
  for (;;) {
    const old = await readOldSnapshots(lane, session, names);
    if (old.length === 0) return;
    lane.blockers.splice(0, lane.blockers.length, ...old);
    // What the server does not let this user end is waited for, and named.
    await terminateStubborn(lane, session).catch(() => undefined);
    if (performance.now() > deadline) throw oldSnapshots(lane, old, changed);
    throwIfAborted(lane.run.signal);
    await delay(LOOK_MS);
  }
}

/**
 * Those that may be postgres_fdw's: by user, where shards.yaml has the mapping, and by name, since anybody may have made
 * one by hand. A direct session of such a user looks the same. *Shown:* users, names and snapshots of all sessions stand in
 * pg_stat_activity for everybody; what else would tell them apart, as backend_type or the client, does not.
 */
async function readOldSnapshots(lane: Lane, session: Session, names: readonly string[]): Promise<Blocker[]> {
  // A transaction keeps the first copy that it made of pg_stat_activity. Asked together, they are run in this order.
  const [, old] = await allDone([
    session.prepared('SELECT pg_stat_clear_snapshot()'),
    session.prepared<Omit<Blocker, 'member'> & Row>(
      `SELECT ${BLOCKER_COLUMNS} FROM pg_stat_activity b
      WHERE b.datname = current_database() AND b.pid <> pg_backend_pid()
        AND age(b.backend_xmin) >= age(pg_current_xact_id()::xid)
        AND (b.usename = ANY ($1::text[])
             OR EXISTS (SELECT FROM unnest($2::text[]) AS name WHERE starts_with(b.application_name, name)))`,
      [lane.shard.userMappings.map((mapping) => mapping.user), names],
    ),
  ]);
  return old.map((one) => ({ ...one, member: session.member }) as Blocker);
}

/**
 * How the names of postgres_fdw's sessions on the shard begin: its default, and what shards.yaml has its servers say instead,
 * up to the first escape (https://www.postgresql.org/docs/current/postgres-fdw.html#POSTGRES-FDW-OPTIONS-CONNECTION); of one
 * that begins with an escape all sessions count. Not known are names that come from elsewhere: an option that was set by hand,
 * postgres_fdw.application_name, PGAPPNAME of the veneer's server. With one of these, sessions are known by their users alone.
 */
function fdwNames({ run: { config }, shard }: Lane): string[] {
  const servers = config.veneers
    .flatMap(({ name }) => shardsShownOn(config, name))
    .filter(({ name }) => name === shard.name);
  const options = servers.flatMap(({ server }) => server.options['application_name'] ?? []);
  return ['postgres_fdw', ...options.map((option) => /^[ -$&-~]{0,63}/.exec(option)?.[0] ?? '')];
}

function oldSnapshots(lane: Lane, old: readonly Blocker[], [first]: readonly QualifiedName[]): VeneerError {
  const name = first === undefined ? 'a table' : display(first);
  return new VeneerError(`a session still reads ${lane.shard.name} as it was before ${name} was changed`, {
    exitCode: EXIT.failed,
    sqlstate: SQLSTATE.lockNotAvailable,
    where: { member: lane.shard.name },
    detail: old.map(blockerText).join('\n'),
  });
}

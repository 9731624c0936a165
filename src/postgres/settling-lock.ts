import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, VeneerError } from '../errors.js';
import { allDone } from './all-done.js';
import { HOLDERS, isHolder, stubbornHolder, tryLock, type FleetKeys, type LockKey } from './fleet-keys.js';
import type { Session } from './session.js';

/**
 * Joins the sessions that may settle, once it is proved that none of an older run lives: with the run lock held nobody new
 * may join, so whoever still holds the settling lock belongs to a dead run and is ended; then the lock is won exclusively,
 * once, and shared from then on. Throws (exit 30) where an old session will not go within `timeoutMs`.
 */
export async function fenceAndJoin(session: Session, keys: FleetKeys, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await joinAlone(session, keys.settling))) {
    await session.asLogin(`SELECT pg_terminate_backend(pid) FROM (${HOLDERS}) AS old`, [keys.settling]);
    if (Date.now() > deadline) throw await stubbornHolder(session, keys.settling);
    await delay(20);
  }
}

/**
 * Shares the lock of a parameter if nobody has it, and says whether it does: in SQL, for one round trip. It is won exclusively before it
 * is shared. CASE, since AND promises no order.
 */
export const joinedAlone = (key: string): string =>
  `CASE WHEN pg_try_advisory_lock(${key}::bigint)
        THEN CASE WHEN pg_try_advisory_lock_shared(${key}::bigint) THEN pg_advisory_unlock(${key}::bigint) END
        ELSE false END`;

async function joinAlone(session: Session, key: LockKey): Promise<boolean> {
  const [row] = await session.query<{ joined: boolean }>(`SELECT ${joinedAlone('$1')} AS joined`, [key]);
  return row?.joined === true;
}

/**
 * Makes a session one that may begin, prepare and settle: it shares the settling lock, and only then looks
 * whether `runPid` still holds the run lock. In this order a newer run either sees us and ends us
 * (`fenceAndJoin`), or we see that the run lock is gone and give up: nothing of ours outlives our run.
 */
export async function joinRun(session: Session, keys: FleetKeys, runPid: number): Promise<void> {
  // Asked together; one connection's statements are run in their order.
  const [joined, isOurs] = await allDone([
    tryLock(session, keys.settling, 'shared'),
    isHolder(session, keys.run, runPid),
  ]);
  if (joined && isOurs) return;
  throw new VeneerError(
    `this run no longer holds the fleet's lock on ${session.member}; it changes nothing more`,
    {
      exitCode: EXIT.locked,
      where: { member: session.member },
      hint: 'migrate status shows where the fleet stands',
    },
  );
}

/**
 * Waits until a session of our own whose connection broke is really gone from its server: until then its last
 * statement, a PREPARE perhaps, may still take effect.
 */
export async function awaitSessionEnd(
  session: Session,
  keys: FleetKeys,
  oldPid: number,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (await isHolder(session, keys.settling, oldPid)) {
    await session.asLogin('SELECT pg_terminate_backend($1)', [oldPid]);
    if (Date.now() > deadline) throw await stubbornHolder(session, keys.settling);
    await delay(20);
  }
}

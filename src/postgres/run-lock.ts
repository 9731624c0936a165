import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, VeneerError } from '../errors.js';
import {
  HOLDERS,
  holderText,
  lockHolders,
  stubbornHolder,
  tryLock,
  type FleetKeys,
  type LockHolder,
} from './fleet-keys.js';
import type { Session } from './session.js';
import { joinedAlone } from './settling-lock.js';

/** How far one try for a member came: its run lock, and its settling lock too, shared. */
export type FirstTry = 'nothing' | 'run lock' | 'both';

/**
 * One try for both of a member's locks, which all but ever nobody has, in one round trip. The settling lock is tried only by who has
 * the run lock, as `fenceAndJoin` does it; nobody is ended and nothing is waited for.
 */
export async function tryToHold(session: Session, { run, settling }: FleetKeys): Promise<FirstTry> {
  const [row] = await session.prepared<{ held: FirstTry }>(
    `SELECT CASE WHEN NOT pg_try_advisory_lock($1::bigint) THEN 'nothing'
                 WHEN ${joinedAlone('$2')} THEN 'both' ELSE 'run lock' END AS held`,
    [run, settling],
  );
  if (row === undefined) throw new Error('a query without FROM answers one row');
  return row.held;
}

/** A watchdog settles and goes: whoever finds it at work waits for this long (milliseconds). */
const WATCHDOG_MS = 30_000;

/** Another runner has the fleet (exit 30). */
export class RivalRun extends VeneerError {}

/** Takes the run lock of a fleet's first member, or throws (exit 30) saying who has it and since when. */
export async function takeRunLock(session: Session, keys: FleetKeys, fleet: string): Promise<void> {
  const deadline = Date.now() + WATCHDOG_MS;
  while (!(await tryLock(session, keys.run, 'exclusive'))) {
    const [holder] = await lockHolders(session, keys.run);
    // Gone between the two reads: the next try decides.
    if (holder === undefined) continue;
    if (!isWatchdog(holder) || Date.now() > deadline) throw locked(session, fleet, holder);
    await delay(50);
  }
}

/** The runner's name in application_name: `pgv <run> watchdog user@host`. */
const isWatchdog = ({ application_name }: LockHolder): boolean =>
  /^pgv \S+ watchdog /.test(application_name ?? '');

const locked = (session: Session, fleet: string, holder: LockHolder): RivalRun =>
  new RivalRun(`another runner holds fleet ${fleet} on ${session.member}: ${holderText(holder)}`, {
    exitCode: EXIT.locked,
    where: { member: session.member },
    hint: 'wait for it to end, then run the command again',
  });

/** Who wants a further member's lock. */
export interface Taker {
  readonly fleet: string;
  /** The name of its sessions. */
  readonly applicationName: string;
  /** Milliseconds for an orphan to end. */
  readonly timeoutMs: number;
  /** Throws where the first member's lock is ours no longer: asked before any session is ended. */
  readonly isOurs?: () => Promise<void>;
}

/**
 * Takes the run lock of a further member. Whoever holds it there without the first member's, which is ours, belongs
 * to a run that has lost its lock and may do nothing more: exactly that session is ended (PROTOCOL section 2). But a run
 * that leaves our first member out never had its lock, and is alive: it is left alone (exit 30), or waited for where it
 * only settles.
 */
export async function takeOrphanedRunLock(session: Session, keys: FleetKeys, taker: Taker): Promise<void> {
  const { fleet, timeoutMs, isOurs = async () => undefined } = taker;
  const start = Date.now();
  while (!(await tryLock(session, keys.run, 'exclusive'))) {
    await isOurs();
    const rival = await endOrphans(session, keys, taker);
    const waited = Date.now() - start;
    if (rival !== null && (!isWatchdog(rival) || waited > WATCHDOG_MS)) throw locked(session, fleet, rival);
    if (rival === null && waited > timeoutMs) throw await stubbornHolder(session, keys.run);
    await delay(20);
  }
}

/**
 * Ends the sessions that hold the run lock, those of other runs that leave a veneer out excepted; answers one of these.
 * The order of the two reads matters: such a session has its mark before it has the run lock, so that a holder of the
 * first read who is not in the second has none. One that has let go since is not ended: it holds nothing any more.
 */
async function endOrphans(
  session: Session,
  { run, partial }: FleetKeys,
  { applicationName }: Taker,
): Promise<LockHolder | null> {
  const holders = await lockHolders(session, run);
  const marked = new Set((await lockHolders(session, partial)).map(({ pid }) => pid));
  const isOwn = ({ application_name }: LockHolder): boolean =>
    application_name === applicationName.slice(0, 63);
  const rival = holders.find((holder) => marked.has(holder.pid) && !isOwn(holder));
  if (rival !== undefined) return rival;
  const orphans = holders.map(({ pid }) => pid);
  await session.asLogin(
    `SELECT pg_terminate_backend(pid) FROM (${HOLDERS}) AS orphan WHERE pid = ANY ($2::int[])`,
    [run, orphans],
  );
  return null;
}

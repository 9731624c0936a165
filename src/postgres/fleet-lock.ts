import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, VeneerError } from '../errors.js';
import { allDone } from './all-done.js';
import type { Row, Session } from './session.js';

/**
 * Advisory locks per fleet and database (PROTOCOL section 2). The run lock, exclusive, is held by a run's
 * first connection to a member. The settling lock is held in shared mode by every connection that may begin,
 * prepare or settle there. All are session locks: the server drops them with the session, and not before, so
 * that owning one proves that whoever had it can no longer act. The third marks the anchors of a run that leaves a
 * veneer out: it shares it before it tries the run lock, so that who holds the one without the other is none of these.
 */
export type LockKey = string & { readonly brand: 'advisory lock key' };

export interface FleetKeys {
  readonly run: LockKey;
  readonly settling: LockKey;
  readonly partial: LockKey;
}

/** The 64-bit keys of a fleet, from its name alone, so that every version and machine finds the same. */
export function fleetKeys(fleet: string): FleetKeys {
  const key = (purpose: string): LockKey => {
    const digest = createHash('sha256').update(`pgveneer:${purpose}:${fleet}`).digest();
    return digest.readBigInt64BE(0).toString() as LockKey;
  };
  return { run: key('run'), settling: key('settling'), partial: key('partial') };
}

/** Who holds a lock, as far as this role may see it. */
export interface LockHolder extends Row {
  readonly pid: number;
  readonly application_name: string | null;
  readonly user: string | null;
  readonly client: string | null;
  /** ISO timestamp: when the session began. */
  readonly since: string | null;
}

/**
 * pg_locks shows a 64-bit advisory key as classid (high half) and objid (low half), objsubid 1:
 * https://www.postgresql.org/docs/current/view-pg-locks.html
 */
const HOLDERS = `
  SELECT l.pid, a.application_name, a.usename::text AS "user", host(a.client_addr) AS client,
         to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint AND l.pid <> pg_backend_pid()`;

export const lockHolders = (session: Session, key: LockKey): Promise<LockHolder[]> =>
  session.asLogin<LockHolder>(HOLDERS, [key]);

/** One try, never a wait: a session waiting in pg_advisory_lock holds a snapshot (FACTS). */
export async function tryLock(
  session: Session,
  key: LockKey,
  mode: 'exclusive' | 'shared',
): Promise<boolean> {
  const call = mode === 'shared' ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  const [row] = await session.prepared<{ locked: boolean }>(`SELECT ${call}($1::bigint) AS locked`, [key]);
  return row?.locked === true;
}

/** How far one try for a member came: its run lock, and its settling lock too, shared. */
export type FirstTry = 'nothing' | 'run lock' | 'both';

/**
 * One try for both of a member's locks, which all but ever nobody has, in one round trip. The settling lock is won exclusively
 * before it is shared, as {@link fenceAndJoin} does it, and only by who has the run lock; nobody is ended and nothing is
 * waited for. CASE, since AND promises no order.
 */
export async function tryToHold(session: Session, { run, settling }: FleetKeys): Promise<FirstTry> {
  const [row] = await session.prepared<{ held: FirstTry }>(
    `SELECT CASE WHEN NOT pg_try_advisory_lock($1::bigint) THEN 'nothing'
                 WHEN NOT pg_try_advisory_lock($2::bigint) THEN 'run lock'
                 WHEN CASE WHEN pg_try_advisory_lock_shared($2::bigint) THEN pg_advisory_unlock($2::bigint) END THEN 'both'
                 END AS held`,
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

function holderText(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'it has just gone';
  const who = holder.application_name ?? holder.user ?? 'unknown';
  const from = holder.client === null ? '' : ` from ${holder.client}`;
  return `${who}, pid ${holder.pid}${from}, since ${holder.since ?? 'unknown'}`;
}

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

/** Shares a lock if nobody has it, in one round trip; CASE, since AND promises no order. */
async function joinAlone(session: Session, key: LockKey): Promise<boolean> {
  const [row] = await session.query<{ joined: boolean }>(
    `SELECT CASE WHEN pg_try_advisory_lock($1::bigint)
                 THEN CASE WHEN pg_try_advisory_lock_shared($1::bigint) THEN pg_advisory_unlock($1::bigint) END
                 ELSE false END AS joined`,
    [key],
  );
  return row?.joined === true;
}

async function stubbornHolder(session: Session, key: LockKey): Promise<VeneerError> {
  const [holder] = await lockHolders(session, key);
  return new VeneerError(
    `a session of an earlier run does not end on ${session.member}: ${holderText(holder)}`,
    {
      exitCode: EXIT.locked,
      where: { member: session.member },
      hint: `SELECT pg_terminate_backend(${holder?.pid ?? 'pid'}), as its owner or a superuser`,
    },
  );
}

/**
 * Makes a session one that may begin, prepare and settle: it shares the settling lock, and only then looks
 * whether `runPid` still holds the run lock. In this order a newer run either sees us and ends us
 * (`fenceAndJoin`), or we see that the run lock is gone and give up: nothing of ours outlives our run.
 */
export async function joinRun(session: Session, keys: FleetKeys, runPid: number): Promise<void> {
  // Asked together; one connection's statements are run in their order.
  const [joined, holders] = await allDone([
    tryLock(session, keys.settling, 'shared'),
    lockHolders(session, keys.run),
  ]);
  if (joined && holders.some((holder) => holder.pid === runPid)) return;
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
  while ((await lockHolders(session, keys.settling)).some((holder) => holder.pid === oldPid)) {
    await session.asLogin('SELECT pg_terminate_backend($1)', [oldPid]);
    if (Date.now() > deadline) throw await stubbornHolder(session, keys.settling);
    await delay(20);
  }
}

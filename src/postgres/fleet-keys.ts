import { createHash } from 'node:crypto';
import { EXIT, VeneerError } from '../errors.js';
import type { Row, Session } from './session.js';

/**
 * Advisory locks per fleet and database (PROTOCOL section 2). The run lock, exclusive, is held by a run's
 * first connection to a member. The settling lock is held in shared mode by every connection that may begin,
 * prepare or settle there. All are session locks: the server drops them with the session, and not before, so
 * that owning one proves that whoever had it can no longer act. The third marks the anchors of a run that leaves a
 * veneer out: it shares it before it tries the run lock, so that who holds the one without the other is none of these.
 */
export type LockKey = string & { readonly brand: 'advisory lock key' };

/** The locks of a fleet. */
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
 * The locks `l` that are the one of key $1 and granted. pg_locks shows a 64-bit advisory key as classid (high half) and objid (low
 * half), objsubid 1: https://www.postgresql.org/docs/current/view-pg-locks.html
 */
const IS_HELD = `
   l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint`;

/** SQL for the {@link LockHolder}s of the lock with key $1, the asking session left out. */
export const HOLDERS = `
  SELECT l.pid, a.application_name, a.usename::text AS "user", host(a.client_addr) AS client,
         to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
   WHERE ${IS_HELD} AND l.pid <> pg_backend_pid()`;

/** Who else holds the lock, as far as the user that logged in may see it. */
export const lockHolders = (session: Session, key: LockKey): Promise<LockHolder[]> =>
  session.asLogin<LockHolder>(HOLDERS, [key]);

/** Does the session of that pid hold the lock? Whoever may see nothing else of it sees that. */
export async function isHolder(session: Session, key: LockKey, pid: number): Promise<boolean> {
  const rows = await session.prepared(`SELECT FROM pg_locks l WHERE ${IS_HELD} AND l.pid = $2`, [key, pid]);
  return rows.length > 0;
}

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

/** For messages: `pgv … up …, pid 123 from 10.0.0.1, since …`. */
export function holderText(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'it has just gone';
  const who = holder.application_name ?? holder.user ?? 'unknown';
  const from = holder.client === null ? '' : ` from ${holder.client}`;
  return `${who}, pid ${holder.pid}${from}, since ${holder.since ?? 'unknown'}`;
}

/** The error (exit 30) that names the session of an earlier run that stays. */
export async function stubbornHolder(session: Session, key: LockKey): Promise<VeneerError> {
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

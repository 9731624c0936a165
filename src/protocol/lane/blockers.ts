import type { Row, Session } from '../../postgres/session.js';

/** Who stands in the way of a session that waits for a lock. */
export interface Blocker extends Row {
  readonly member: string;
  /** Null for a prepared transaction: nobody is connected. */
  readonly pid: number | null;
  readonly application_name: string | null;
  readonly user: string | null;
  readonly state: string | null;
  /** ISO timestamp: when its transaction began. */
  readonly since: string | null;
  /** Shortened; null where this role may not see it. */
  readonly query: string | null;
}

/**
 * Asked many times a second: pg_blocking_pids stops the server's lock manager for a moment, so it is called only for
 * one who waits (https://www.postgresql.org/docs/current/functions-info.html).
 */
const WAITS = `SELECT FROM pg_stat_get_activity($1) AS w WHERE w.wait_event_type = 'Lock'`;

/** What a blocker is, of a row `b` of pg_stat_activity; but for its member. */
export const BLOCKER_COLUMNS = `b.pid, b.application_name, b.usename::text AS "user", b.state,
         to_char(coalesce(b.xact_start, b.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
         left(regexp_replace(b.query, '\\s+', ' ', 'g'), 120) AS query`;

/** Empty unless the session `$1` is waiting for a lock at this moment. */
const BLOCKERS = `
  SELECT ${BLOCKER_COLUMNS}
    FROM pg_stat_activity w
    CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocking(pid)
    LEFT JOIN pg_stat_activity b ON b.pid = blocking.pid
   WHERE w.pid = $1 AND w.wait_event_type = 'Lock'`;

/** Those who block one of our sessions, asked from another session on the same server. */
export async function readBlockers(anchor: Session, waiting: Session): Promise<Blocker[]> {
  if ((await anchor.asLogin(WAITS, [waiting.pid])).length === 0) return [];
  const rows = await anchor.asLogin<Omit<Blocker, 'member'> & Row>(BLOCKERS, [waiting.pid]);
  return rows.map((row) => ({ ...row, member: waiting.member }) as Blocker);
}

/** One line about a blocker: member, pid, application_name, user, state, since, query. */
export function blockerText(blocker: Blocker): string {
  if (blocker.pid === null) return `${blocker.member}: a prepared transaction`;
  const who = [blocker.application_name, blocker.user].filter(Boolean).join(', ');
  const query = blocker.query ? `: ${blocker.query}` : '';
  return `${blocker.member}: pid ${blocker.pid} (${who || 'unknown'}), ${blocker.state ?? 'state unknown'} since ${blocker.since ?? 'unknown'}${query}`;
}

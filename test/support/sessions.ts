/* Sessions of the fleet's database that do something, as queries for untilSome and untilNone. */

/**
 * Runners that hold the fleet's lock. The server of a killed one notices a moment after the process has ended, and whoever
 * begins in that moment is told that another runner has the fleet.
 */
export const RUNNERS_WITH_LOCK = `
  SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
     AND a.datname = current_database() AND a.application_name ~ '^pgv \\S+ (up|down|recover|tenant \\S+) '`;

/** Sessions in pg_sleep. */
export const SLEEPING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;

/** Sessions of this user that wait for a lock in the fleet's database, for at least so many milliseconds. */
export const waitingForLock = (user: string, ms: number): string => `
  SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE NOT l.granted AND a.datname = current_database() AND a.usename = '${user}'
     AND clock_timestamp() - l.waitstart >= interval '${ms} ms'`;

/** Whether this session waits for a lock. */
export const waiting = (pid: number): string => `SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted`;

/** Sessions that wait for what this one holds. */
export const blockedBy = (pid: number): string =>
  `SELECT FROM pg_locks WHERE NOT granted AND ${pid} = ANY (pg_blocking_pids(pid))`;

/** Sessions that wait for a lock of this relation. */
export const waitingFor = (relation: string): string =>
  `SELECT FROM pg_locks WHERE NOT granted AND relation = '${relation}'::regclass`;

/** Sessions of this user whose statement is like this one. */
export const asking = (user: string, pattern: string): string => `
  SELECT FROM pg_stat_activity
   WHERE datname = current_database() AND usename = '${user}' AND query LIKE '${pattern}'`;

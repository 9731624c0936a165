import { setTimeout as delay } from 'node:timers/promises';
import type { TestFleet } from './test-fleet.js';

/** Asks a member, as superuser, until the question's one column `yes` is true. */
export async function until(fleet: TestFleet, member: string, question: string): Promise<void> {
  for (;;) {
    const [row] = await fleet.query(member, question, 'superuser');
    if (row?.yes === true) return;
    await delay(5);
  }
}

/**
 * Has a killed runner's lock on the fleet gone? Its server notices a moment after the process has ended, and whoever begins
 * in that moment is told that another runner has the fleet.
 */
export const noRunnersLock = `
  SELECT NOT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                      WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
                        AND a.datname = current_database() AND a.application_name ~ '^pgv \\S+ (up|down|recover|tenant \\S+) ') AS yes`;

/** Is a session of this user waiting for a lock in the fleet's database, for at least so many milliseconds? */
export const waitsForLock = (user: string, ms: number): string => `
  SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                  WHERE NOT l.granted AND a.datname = current_database() AND a.usename = '${user}'
                    AND clock_timestamp() - l.waitstart >= interval '${ms} ms') AS yes`;

/** Has a session of this user just asked something like this? */
export const asked = (user: string, pattern: string): string => `
  SELECT EXISTS (SELECT FROM pg_stat_activity
                  WHERE datname = current_database() AND usename = '${user}' AND query LIKE '${pattern}') AS yes`;

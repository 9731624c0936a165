import type { TestFleet } from './test-fleet.js';

/**
 * Which of a runner's sessions: those that hold the fleet's lock, those that do its work, of these those in a
 * transaction that waits for the next statement, or all.
 */
export type Sessions = 'lock' | 'work' | 'in transaction' | 'all';

const IS_LOCK = `EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock')`;
const WHICH: Readonly<Record<Sessions, string>> = {
  lock: IS_LOCK,
  work: `NOT ${IS_LOCK}`,
  'in transaction': `a.state = 'idle in transaction'`,
  all: 'true',
};

/** Ends sessions of the runners at work on these members, as a lost network does, and waits until they are gone. */
export async function loseSessions(
  fleet: TestFleet,
  members: readonly string[],
  which: Sessions,
): Promise<void> {
  for (const member of members) {
    const ended = await fleet.query(
      member,
      `SELECT pg_terminate_backend(a.pid, 60000) AS gone FROM pg_stat_activity a
        WHERE starts_with(a.datname, current_database()) AND a.application_name LIKE 'pgv %' AND ${WHICH[which]}`,
      'superuser',
    );
    if (ended.length === 0) throw new Error(`no such session on ${member}`);
  }
}

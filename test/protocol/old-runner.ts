import { holdAt, signal } from '../support/hold.js';
import type { CommandContext } from '../../src/commands/common/context.js';
import type { TestFleet } from '../support/test-fleet.js';

/** A runner that stops at a point of the protocol until it is let go. */
export interface Stalled {
  readonly at: CommandContext['at'];
  /** Resolves when it has come to its point, and has passed all that it was to pass before. */
  readonly reached: Promise<unknown>;
  readonly release: () => void;
}

/** `passed`: points of other members, whose work goes on side by side. */
export function stallAt(point: string, passed: readonly string[] = []): Stalled {
  const hold = holdAt(point);
  const others = new Map(passed.map((name) => [name, signal()]));
  return {
    at: async (reached) => {
      others.get(reached)?.fire();
      await hold.at(reached);
    },
    reached: Promise.all([hold.reached, ...[...others.values()].map(({ promise }) => promise)]),
    release: hold.release,
  };
}

/** Which of a runner's sessions: those that hold the fleet's lock, those that do its work, or both. */
export type Sessions = 'lock' | 'work' | 'all';

const IS_LOCK = `EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock')`;
const WHICH: Readonly<Record<Sessions, string>> = { lock: IS_LOCK, work: `NOT ${IS_LOCK}`, all: 'true' };

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

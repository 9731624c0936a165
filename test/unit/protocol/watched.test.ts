import { expect, test } from '@jest/globals';
import { EXIT, VeneerError } from '../../../src/errors.js';
import { HoldExceeded, startBudget } from '../../../src/protocol/lane/budget.js';
import type { Crew } from '../../../src/protocol/lane/lane.js';
import { watched } from '../../../src/protocol/lane/watched.js';

const where = { member: 'shard1', tenant: 'bluth_co', file: 'migrations/1_slow.sql', line: 2 };
const cancelled = new VeneerError('canceling statement due to statement timeout', {
  exitCode: EXIT.failed,
  sqlstate: '57014',
  where,
  detail: 'statement: SELECT pg_sleep(60)',
});

/** What the work of an attempt, with this budget, failed with, before the watch had its first look. */
async function failureOf(error: VeneerError, lockHoldMs: number): Promise<unknown> {
  // No session is open: nothing is asked, and nothing is cancelled.
  const crew = {
    run: { signal: new AbortController().signal, config: { rollout: { lockHoldMs } } },
    openSessions: () => [],
  } as unknown as Crew;
  const budget = startBudget({ lockWaitMs: 500, lockHoldMs });
  return watched(crew, budget, () => Promise.reject(error)).catch((thrown: unknown) => thrown);
}

test("a server's statement_timeout that was quicker than the watch is lock_hold where that is used up", async () => {
  const failure = await failureOf(cancelled, 1);
  expect(failure).toBeInstanceOf(HoldExceeded);
  expect(failure).toMatchObject({
    message: 'the step held its locks for 1 ms, all that rollout.lock_hold allows',
    facts: { where, detail: 'statement: SELECT pg_sleep(60)', cause: cancelled },
  });
});

test('what was cancelled while some of lock_hold is left stays what it is', async () => {
  expect(await failureOf(cancelled, 3_600_000)).toBe(cancelled);
});

test('so does another failure, when nothing is left', async () => {
  const failed = new VeneerError('division by zero', { exitCode: EXIT.failed, sqlstate: '22012' });
  expect(await failureOf(failed, 1)).toBe(failed);
});

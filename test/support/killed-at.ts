import { expect } from '@jest/globals';
import { runCli } from './run-cli.js';
import { RUNNERS_WITH_LOCK } from './sessions.js';
import type { TestFleet } from './test-fleet.js';
import { untilNone } from './until.js';

/**
 * A command is killed at a point of the protocol, `after intent` or, by its number, `after intent#1`, and nobody settles
 * what it leaves. Resolves when its servers have noticed.
 */
export async function killedAt(fleet: TestFleet, args: readonly string[], point: string): Promise<void> {
  const env = { PGVENEER_TEST_CRASH_AT: point, PGVENEER_TEST_NO_WATCHDOG: '1' };
  const { signal } = await runCli(args, { cwd: fleet.dir, env });
  expect({ point, signal }).toEqual({ point, signal: 'SIGKILL' });
  for (const { name } of fleet.servers) await untilNone(fleet, name, RUNNERS_WITH_LOCK);
}

import { expect } from '@jest/globals';
import type { Commands } from './commands.js';
import { preparedIn } from './leave-attempt.js';
import { assertLikeImport } from './like-import.js';
import { clean } from './outcomes.js';
import type { TestFleet } from './test-fleet.js';

/** One more `up` brings the fleet to its end, with nothing to settle; nothing is left then, and the veneer is what IMPORT would make. */
export async function expectAtRest(fleet: TestFleet, run: Pick<Commands, 'up' | 'status'>): Promise<void> {
  expect(await run.up()).toMatchObject({ problems: [], settled: [], exitCode: 0 });
  expect(await preparedIn(fleet)).toEqual([]);
  expect(await run.status()).toMatchObject(clean);
  await assertLikeImport(fleet);
}

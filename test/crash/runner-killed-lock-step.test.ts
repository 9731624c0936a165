import { expect, test } from '@jest/globals';
import { expectWhole, nextRound, runUp } from '../support/crash.js';
import { crashingFleet, killEverywhere } from '../support/kill-everywhere.js';

const MINUTES = 60_000;

test(
  'the runner is killed at every named point of lock-step, and the next up makes the fleet whole',
  async () => {
    await killEverywhere(['--protocol', 'lock-step']);
  },
  45 * MINUTES,
);

test('after a kill, recover alone leaves nothing in doubt', async () => {
  const crash = await crashingFleet();
  for (const point of [
    'after prepare:shard2#1',
    'after prepare:veneer#2',
    'after commit prepared:shard2#1',
  ]) {
    await nextRound(crash);
    await runUp(crash, [], { PGVENEER_TEST_CRASH_AT: point });
    expect(await crash.run.recover()).toMatchObject({ exitCode: 0 });
    expect((await crash.run.status({ shards: ['shard2'] })).inDoubt).toEqual([]);
    expect(await crash.run.up({ shards: ['shard2'] })).toMatchObject({ exitCode: 0 });
    await expectWhole(crash);
  }
  await crash.fleet.close();
});

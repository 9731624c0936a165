import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import {
  expectWhole,
  nextRound,
  recordPoints,
  runUp,
  startCrashing,
  type CrashFleet,
} from '../support/crash.js';
import { freshFleet } from '../support/fresh-fleet.js';

let crash: CrashFleet;

beforeAll(async () => {
  const fleet = await freshFleet();
  crash = await startCrashing(fleet, commandsOn(fleet));
});

afterAll(() => crash.fleet.close());

/**
 * Every point that a run of three steps goes through, in order: the first step makes tables (shard first, since
 * nothing is known), the second renames a column under readers, the third is a step of one server. By protocol.
 */
async function killEverywhere(args: readonly string[]): Promise<string[]> {
  const points = await recordPoints(crash, args);
  await expectWhole(crash);
  for (const point of points) {
    await nextRound(crash);
    const died = await runUp(crash, args, { PGVENEER_TEST_CRASH_AT: point });
    expect({ point, signal: died.signal }).toEqual({ point, signal: 'SIGKILL' });
    const report = await crash.run.up({ shards: ['shard2'] });
    expect({ point, exitCode: report.exitCode, problems: report.problems }).toEqual({
      point,
      exitCode: 0,
      problems: [],
    });
    await expectWhole(crash);
  }
  console.log(`runner killed, ${args.join(' ') || 'two-phase'}: ${points.length} points`);
  return points;
}

const MINUTES = 60_000;

test(
  'the runner is killed at every named point of two-phase, and the next up makes the fleet whole',
  async () => {
    const points = await killEverywhere([]);
    for (const word of [
      'begin',
      'statements',
      'evidence',
      'intent',
      'prepare',
      'commit prepared',
      'commit',
      'close',
    ]) {
      expect(
        points.some((point) => point.startsWith(`before ${word}`) || point.startsWith(`after ${word}`)),
      ).toBe(true);
    }
  },
  15 * MINUTES,
);

test(
  'the runner is killed at every named point of lock-step, and the next up makes the fleet whole',
  async () => {
    await killEverywhere(['--protocol', 'lock-step']);
  },
  15 * MINUTES,
);

test('after a kill, recover alone leaves nothing in doubt', async () => {
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
});

import { expect } from '@jest/globals';
import { commandsOn } from './commands.js';
import { expectWhole, nextRound, recordPoints, runUp, startCrashing, type CrashFleet } from './crash.js';
import { freshFleet } from './fresh-fleet.js';
import { RUNNERS_WITH_LOCK } from './sessions.js';
import { untilNone } from './until.js';

/** Each round adds migrations, which every later one has to read: a fleet is given up before they are many. */
const MOST_ROUNDS = 12;

export async function crashingFleet(): Promise<CrashFleet> {
  const fleet = await freshFleet();
  return startCrashing(fleet, commandsOn(fleet));
}

/**
 * Every point that a run of three steps goes through, in order: the first step makes tables (shard first, since
 * nothing is known), the second renames a column under readers, the third is a step of one server.
 */
export async function killEverywhere(args: readonly string[]): Promise<string[]> {
  let crash = await crashingFleet();
  try {
    const points = await recordPoints(crash, args);
    await expectWhole(crash);
    for (const point of points) {
      if (crash.round >= MOST_ROUNDS) {
        await crash.fleet.close();
        crash = await crashingFleet();
      }
      await killAt(crash, args, point);
    }
    console.log(`runner killed, ${args.join(' ') || 'two-phase'}: ${points.length} points`);
    return points;
  } finally {
    await crash.fleet.close();
  }
}

async function killAt(crash: CrashFleet, args: readonly string[], point: string): Promise<void> {
  await nextRound(crash);
  const died = await runUp(crash, args, { PGVENEER_TEST_CRASH_AT: point });
  expect({ point, signal: died.signal }).toEqual({ point, signal: 'SIGKILL' });
  await untilNone(crash.fleet, 'veneer', RUNNERS_WITH_LOCK);
  const report = await crash.run.up({ shards: ['shard2'] });
  expect({ point, exitCode: report.exitCode, problems: report.problems }).toEqual({
    point,
    exitCode: 0,
    problems: [],
  });
  await expectWhole(crash);
}

import * as fc from 'fast-check';
import { test } from '@jest/globals';
import { play, type Where } from '../support/fuzz-play.js';
import { schedules } from '../support/fuzz-schedule.js';

/**
 * Random short lives of a fleet: see CONTRIBUTING for how to run one again. Each schedule has a seed of its own, so
 * that it comes again alone: FUZZ_SEED=… FUZZ_RUNS=1.
 */
const { FUZZ_SEED, FUZZ_RUNS, FUZZ_MINUTES, FUZZ_SERVERS, FUZZ_LOG } = process.env;
// A run of the suite is the same everywhere; `npm run test:soak` begins elsewhere each time.
const SEED = FUZZ_SEED === undefined ? 1 : Number(FUZZ_SEED);
const MINUTES = FUZZ_MINUTES === undefined ? null : Number(FUZZ_MINUTES);
const RUNS = FUZZ_RUNS === undefined ? (MINUTES === null ? 10 : Infinity) : Number(FUZZ_RUNS);
const SERVERS = FUZZ_SERVERS ?? 'shared';
if (!['shared', 'own', 'mixed'].includes(SERVERS))
  throw new Error(`FUZZ_SERVERS is shared, own or mixed, not ${SERVERS}`);

/** Servers of its own, which it also kills, take a schedule seconds to start: of a mixed run every third has them. */
const whereOf = (seed: number): Where =>
  SERVERS === 'own' || (SERVERS === 'mixed' && seed % 3 === 0) ? 'own servers' : 'the servers of the run';

test(
  `random schedules from seed ${SEED}`,
  async () => {
    const deadline = MINUTES === null ? Infinity : Date.now() + MINUTES * 60_000;
    const played = { 'own servers': 0, 'the servers of the run': 0 };
    try {
      for (let run = 0; run < RUNS && Date.now() < deadline; run++) {
        await once(SEED + run);
        played[whereOf(SEED + run)]++;
      }
    } finally {
      for (const [where, count] of Object.entries(played))
        console.log(`${count} schedules passed on ${where}`);
    }
  },
  24 * 3_600_000,
);

/** fast-check draws the schedule and tells it with its seed when it fails; shrinking would take too long. */
async function once(seed: number): Promise<void> {
  const where = whereOf(seed);
  const schedule = schedules({ ownServers: where === 'own servers' });
  const property = fc.asyncProperty(schedule, async (drawn) => {
    const log = await play(drawn, where);
    if (FUZZ_LOG !== undefined) process.stdout.write(`seed ${seed}, ${where}\n${log.join('\n')}\n`);
  });
  await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
}

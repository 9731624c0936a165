import * as fc from 'fast-check';
import { test } from '@jest/globals';
import { play } from '../support/fuzz-play.js';
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
const WHERE = FUZZ_SERVERS === 'own' ? 'own servers' : 'the servers of the run';

test(
  `random schedules on ${WHERE}, from seed ${SEED}`,
  async () => {
    const deadline = MINUTES === null ? Infinity : Date.now() + MINUTES * 60_000;
    for (let run = 0; run < RUNS && Date.now() < deadline; run++) await once(SEED + run);
  },
  24 * 3_600_000,
);

/** fast-check draws the schedule and tells it with its seed when it fails; shrinking would take too long. */
async function once(seed: number): Promise<void> {
  const schedule = schedules({ ownServers: WHERE === 'own servers' });
  const property = fc.asyncProperty(schedule, async (drawn) => {
    const log = await play(drawn, WHERE);
    if (FUZZ_LOG !== undefined) process.stdout.write(`seed ${seed}\n${log.join('\n')}\n`);
  });
  await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
}

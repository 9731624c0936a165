import { openDistantFleet } from '../fleets/distant.js';
import { ratioOf } from '../measure/pairs.js';
import { againstReplay } from '../ways/against-replay.js';
import type { Measured, Work } from './work.js';

const ROUND_TRIPS_MS = [5, 20, 80];

/** Large enough to show what grows with tenants, and small enough that the network is what counts. */
const MOST_TENANTS = 120;

/** `up` over a slow network: what is waited for is round trips, of which bare connections need five a step. */
export const upFromAfar: Work = {
  name: 'network',
  async measure(options) {
    const rows: Measured[] = [];
    for (const size of options.tenants.filter((some) => some <= MOST_TENANTS))
      for (const ms of ROUND_TRIPS_MS) {
        const at = `${ms} ms, ${size} tenants`;
        const pairs = await againstReplay({ at, open: () => openDistantFleet(size, ms) }, options);
        rows.push({
          work: `up, ten migrations, ${ms} ms away`,
          against: 'the same SQL from bare connections',
          aim: 'as many round trips whatever the tenants',
          ratio: ratioOf(pairs),
          tenants: size,
          pairs,
        });
      }
    return rows;
  },
};

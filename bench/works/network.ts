import { openDistantFleet } from '../fleets/distant.js';
import type { UpReport } from '../../src/report/reports.js';
import { inPairs, ratioOf } from '../measure/pairs.js';
import { replay, runUp } from '../ways/ways.js';
import { told, type Measured, type Work } from './work.js';

const ROUND_TRIPS_MS = [5, 20, 80];

/** Large enough to show what grows with tenants, and small enough that the network is what counts. */
const MOST_TENANTS = 120;

/** `up` over a slow network: what is waited for is round trips, of which bare connections need five a step. */
export const upFromAfar: Work = {
  name: 'network',
  async measure({ pairs: count, tenants, say }) {
    const rows: Measured[] = [];
    for (const size of tenants.filter((some) => some <= MOST_TENANTS))
      for (const ms of ROUND_TRIPS_MS) {
        let last: UpReport | null = null;
        const ours = async () => {
          await using fleet = await openDistantFleet(size, ms);
          const { report, figures } = await runUp(fleet);
          last = report;
          return told(say, `up, ${ms} ms, ${size} tenants`, figures);
        };
        const theirs = async () => {
          if (last === null) throw new Error('what is replayed is what our own run reported');
          await using fleet = await openDistantFleet(size, ms);
          return told(say, `replay, ${ms} ms, ${size} tenants`, await replay(fleet, last));
        };
        const pairs = await inPairs(count, ours, theirs);
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

import { openDatabases } from '../fleets/databases.js';
import { distant } from '../fleets/distant.js';
import { openBenchFleet } from '../fleets/tenants.js';
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
        const open = async () => distant(await openBenchFleet(size), ms);
        const pairs = await againstReplay({ at, open }, options);
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

const SHARDS = [1, 8, 64];

/** The same over a growing number of shards, each a database with one tenant: what a shard costs, and whether that grows. */
export const upOverShards: Work = {
  name: 'shards',
  async measure(options) {
    const rows: Measured[] = [];
    for (const ms of ROUND_TRIPS_MS)
      for (const shards of SHARDS) {
        const at = `${ms} ms, ${shards} shards`;
        const open = async () => distant(await openDatabases(shards), ms);
        const pairs = await againstReplay({ at, open }, options);
        rows.push({
          work: `up, ten migrations, a database per tenant, ${ms} ms away`,
          against: 'the same SQL from bare connections',
          aim: 'as many round trips per step whatever the shards',
          ratio: ratioOf(pairs),
          tenants: shards,
          pairs,
        });
      }
    return rows;
  },
};

import { openDatabases } from '../fleets/databases.js';
import { ratioOf } from '../measure/pairs.js';
import { againstReplay } from '../ways/against-replay.js';
import type { Measured, Work } from './work.js';

/** More databases would be bounded by the servers' connections and the machine's memory. */
const MOST_TENANTS = 120;

/** `up` where each tenant is a database: a step for each, as many at a time as rollout.concurrency has it. */
export const upOverDatabases: Work = {
  name: 'databases',
  async measure(options) {
    const rows: Measured[] = [];
    for (const size of options.tenants.filter((some) => some <= MOST_TENANTS)) {
      const at = `${size} databases`;
      const pairs = await againstReplay({ at, open: () => openDatabases(size) }, options);
      rows.push({
        work: 'up, ten migrations, a database per tenant',
        against: 'the same SQL from bare connections',
        aim: '≤ 1.25 at 120 tenants',
        ratio: ratioOf(pairs),
        tenants: size,
        pairs,
      });
    }
    return rows;
  },
};

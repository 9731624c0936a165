import { openBenchFleet } from '../fleets/tenants.js';
import { inPairs, ratioOf } from '../measure/pairs.js';
import { measured, migrate, way } from '../measure/process.js';
import { told, type Work } from './work.js';

const SMALL = 3;

/** What a command takes before it does anything: of one that needs no fleet, and of one on a small fleet. */
export const start: Work = {
  name: 'start',
  async measure({ pairs: count, say }) {
    await using fleet = await openBenchFleet(SMALL);
    const help = await inPairs(
      count,
      async () => told(say, '--help', (await migrate(fleet.dir, ['--help'])).figures),
      async () => told(say, 'node -e 0', (await measured(['-e', '0'])).figures),
    );
    const urls = ['veneer', ...fleet.tenants.map(({ shard }) => shard)].map((member) => fleet.urlOf(member));
    const status = await inPairs(
      count,
      async () => told(say, 'status', (await migrate(fleet.dir, ['status'])).figures),
      async () => told(say, 'connect.js', (await way('connect.js', { urls })).figures),
    );
    const common = { tenants: SMALL };
    return [
      {
        ...common,
        work: 'migrate --help',
        against: 'node -e 0',
        aim: '≤ 2',
        ratio: ratioOf(help),
        pairs: help,
      },
      {
        ...common,
        work: 'status of a small fleet',
        against: 'a script that imports pg and connects',
        aim: '≤ 1.5',
        ratio: ratioOf(status),
        pairs: status,
      },
    ];
  },
};

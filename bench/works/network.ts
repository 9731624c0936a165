import { openDatabases } from '../fleets/databases.js';
import { distant } from '../fleets/distant.js';
import { openBenchFleet, SHARDS as SHARDS_OF_FLEET, type BenchFleet } from '../fleets/tenants.js';
import { inPairs, ratioOf } from '../measure/pairs.js';
import { migrate, way } from '../measure/process.js';
import { againstReplay } from '../ways/against-replay.js';
import { told, type Measured, type Work, type WorkOptions } from './work.js';

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

const SMALL = 3;

/** What a command takes over a slow network that does nothing, or looks at a small fleet. */
export const startFromAfar: Work = {
  name: 'afar',
  async measure(options) {
    const rows: Measured[] = [];
    for (const ms of ROUND_TRIPS_MS) {
      await using fleet = await distant(await openBenchFleet(SMALL), ms);
      await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id bigint PRIMARY KEY);');
      await migrate(fleet.dir, ['up']);
      for (const [command, work] of Object.entries(STARTS))
        rows.push(await againstConnecting(fleet, { command, work: `${work}, ${ms} ms away` }, options));
    }
    return rows;
  },
};

const STARTS = { status: 'status of a small fleet', up: 'up, nothing to do, of a small fleet' };

async function againstConnecting(
  fleet: BenchFleet,
  { command, work }: { readonly command: string; readonly work: string },
  { pairs: count, say }: WorkOptions,
): Promise<Measured> {
  const urls = ['veneer', ...SHARDS_OF_FLEET].map((member) => fleet.urlOf(member));
  const pairs = await inPairs(
    count,
    async () => told(say, work, (await migrate(fleet.dir, [command])).figures),
    async () => told(say, 'connect.js', (await way('connect.js', { urls })).figures),
  );
  const against = 'a script that imports pg and connects';
  return { work, against, aim: 'few round trips', ratio: ratioOf(pairs), tenants: SMALL, pairs };
}

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

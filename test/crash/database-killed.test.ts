import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { databaseFleet, type DatabaseFleet } from '../support/database-fleet.js';
import { killedAt } from '../support/killed-at.js';

let fleet: DatabaseFleet;

// The second database of its server: its anchor comes and goes.
beforeEach(async () => {
  fleet = await databaseFleet({ shard1: ['bluth', 'hooli'] });
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  await fleet.run.setup();
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ADD COLUMN title text');
});

afterEach(() => fleet.close());

const prepared = (): Promise<Record<string, unknown>[]> =>
  fleet.query(
    'shard1',
    `SELECT database, owner FROM pg_prepared_xacts WHERE starts_with(database, '${fleet.name}')`,
    'superuser',
  );

test.each([
  { point: 'before intent', protocol: 'two-phase', ending: null, left: 0 },
  { point: 'after prepare:shard1/hooli', protocol: 'two-phase', ending: 'either', left: 1 },
  { point: 'before commit prepared:shard1/hooli', protocol: 'two-phase', ending: 'committed', left: 1 },
  { point: 'after commit prepared:shard1/hooli', protocol: 'two-phase', ending: 'committed', left: 0 },
  { point: 'after commit:shard1/hooli', protocol: 'lock-step', ending: 'committed', left: 0 },
])(
  'the runner is killed $point of a tenant with a database of its own, and recover and up make the fleet whole',
  async ({ point, protocol, ending, left }) => {
    await killedAt(fleet, ['up', '--tenant', 'hooli', '--protocol', protocol], point);
    const name = fleet.nameOf('hooli');
    if (point !== 'after prepare:shard1/hooli')
      expect(await prepared()).toEqual(
        Array.from({ length: left }, () => ({ database: name, owner: `${name}_admin` })),
      );
    const recovered = await fleet.run.recover();
    expect(recovered).toMatchObject({ exitCode: 0, settled: ending === null ? [] : [{}] });
    // Votes are asked for side by side: the veneer's may have been there, too.
    if (ending !== null && ending !== 'either') expect(recovered.settled).toMatchObject([{ ending }]);
    expect(await prepared()).toEqual([]);
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
    expect(await fleet.query('veneer', 'SELECT title FROM hooli.books', 'app')).toEqual([]);
  },
);

test('up alone settles what a killed runner left, and plans by what is there then, not by what it saw before', async () => {
  const args = ['up', '--tenant', 'hooli', '--protocol', 'two-phase'];
  await killedAt(fleet, args, 'before commit prepared:shard1/hooli');
  const up = await fleet.run.up();
  expect(up).toMatchObject({ problems: [], exitCode: 0, settled: [{ ending: 'committed' }] });
  expect(up.shards.map(({ shard, state }) => `${shard} ${state}`)).toEqual([
    'shard1/bluth done',
    'shard1/hooli up to date',
  ]);
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

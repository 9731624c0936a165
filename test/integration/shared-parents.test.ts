import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { committed, expectClean } from '../support/outcomes.js';

const SHARDS = ['shard1', 'shard2', 'shard3'];

/** Each tenant's orders are a partition of one table of the veneer; other tables are shown as ever. */
const s = scenario({
  shared: true,
  config: (fleet) => `${bookstoreYaml(fleet).replace('canary: [shard1], ', '')}
expose:
  - { from: "{tenant}.orders", as: "{tenant}.orders", partition_of: every.orders, bounds: "IN ({tenant})" }
  - { from: "{schema}.{table}", as: "{tenant}.{table}" }
`,
});

beforeAll(async () => {
  expect(await s.run.setup()).toMatchObject(committed);
  await s.fleet.writeMigration(
    'veneer/0000_every.sql',
    'CREATE SCHEMA every; CREATE TABLE every.orders (id int, tenant text) PARTITION BY LIST (tenant)',
  );
  await s.write('CREATE TABLE orders (id int, tenant text); CREATE TABLE notes (id int)');
  expect(await s.run.up()).toMatchObject(committed);
});

/** The steps of a migration, each with its shards. */
async function stepsOf(migration: string): Promise<unknown[]> {
  const rows = await s.fleet.query(
    'veneer',
    `SELECT string_agg(shard, '+' ORDER BY shard) AS shards FROM pgveneer.history
      WHERE event = 'step ended' AND outcome = 'committed' AND migration LIKE '%${migration}' GROUP BY run, step ORDER BY 1`,
  );
  return rows.map(({ shards }) => shards);
}

test('shards at their own pace attach their partitions to one table, and what they share moves in one step', async () => {
  const attached = `SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'every.orders'::regclass`;
  expect(await s.fleet.query('veneer', attached)).toEqual([{ n: 4 }]);
  const before = await s.write('ALTER TABLE notes ADD COLUMN text text');
  const name = await s.write(
    'ALTER TABLE orders ADD COLUMN total int; ALTER TABLE orders RENAME COLUMN id TO no',
  );
  const after = await s.write('ALTER TABLE notes DROP COLUMN text');
  expect(await s.run.up()).toMatchObject(committed);
  expect(await stepsOf(name)).toEqual([SHARDS.join('+')]);
  for (const one of [before, after]) expect(await stepsOf(one)).toEqual(SHARDS);
  expect(await s.fleet.query('veneer', 'SELECT no, total FROM every.orders')).toEqual([]);
  await expectClean(s.run);
});

test('a selection without a shard that has partitions of the table is refused by its name', async () => {
  const name = await s.write('ALTER TABLE orders DROP COLUMN total');
  const report = await s.run.up({ shards: ['shard1', 'shard3'] });
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]).toMatchObject({
    message: expect.stringContaining('is a partition of every.orders'),
    detail: expect.stringContaining('this run leaves shard2 out'),
  });
  expect(await s.run.up()).toMatchObject(committed);
  expect(await stepsOf(name)).toEqual([SHARDS.join('+')]);
  await expectClean(s.run);
});

test('partitions go at the pace of their shards', async () => {
  await s.write('DROP TABLE orders');
  expect(await s.run.up()).toMatchObject(committed);
  await expectClean(s.run);
});

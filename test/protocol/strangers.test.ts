import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

/** Tables of the veneer that a run locked, by the shards whose steps did. */
async function lockedBy(): Promise<Record<string, readonly string[]>> {
  const { shards } = await s.run.up();
  return Object.fromEntries(
    shards.map(({ shard, steps }) => [
      shard,
      steps.flatMap(({ locks }) => locks.map(({ table }) => table)).toSorted(),
    ]),
  );
}

test("what somebody else's foreign table shows is locked there too, once another shard has told what changes", async () => {
  await s.start('CREATE TABLE books (id int); CREATE TABLE authors (id int)');
  await s.fleet.query('veneer', 'CREATE SCHEMA reports');
  for (const table of ['books', 'authors'])
    await s.fleet.query(
      'veneer',
      `CREATE FOREIGN TABLE reports.all_${table} (id int) SERVER shard3_server
         OPTIONS (schema_name 'initech', table_name '${table}')`,
    );
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  expect(await lockedBy()).toMatchObject({
    shard1: ['bluth_co.books'],
    shard2: ['cyberdyne.books', 'dunder_mifflin.books'],
    shard3: ['initech.books', 'reports.all_books'],
  });
});

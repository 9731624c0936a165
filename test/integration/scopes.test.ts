import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const ledgerOf = async (member: string): Promise<string[]> =>
  (
    await s.fleet.query(
      member,
      `SELECT concat_ws(' ', scope, nullif(tenant, ''), migration) AS entry FROM pgveneer.ledger ORDER BY migration, scope, tenant`,
    )
  ).map(({ entry }) => String(entry));

test('a migration for the shard runs once per shard, between those for tenants, and knows its shard', async () => {
  await s.run.setup();
  await s.fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
  await s.fleet.writeMigration(
    'shard/2_reach.sql',
    `CREATE TABLE told (tenant text, shard text, schema text, books int);
     INSERT INTO told SELECT current_setting('pgveneer.tenant'), current_setting('pgveneer.shard'), current_schema,
       (SELECT count(*) FROM pg_class WHERE relname = 'books')`,
  );
  await s.fleet.writeMigration('3_authors.sql', 'CREATE TABLE authors (id int)');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(
    report.shards[1]?.steps.map(({ migration, scope, tenants }) => [migration, scope, tenants.length]),
  ).toEqual([
    ['1_books', 'tenant', 2],
    ['2_reach', 'shard', 0],
    ['3_authors', 'tenant', 2],
  ]);
  expect(await s.fleet.query('shard2', 'SELECT * FROM public.told')).toEqual([
    { tenant: '', shard: 'shard2', schema: 'public', books: 2 },
  ]);
  expect(await ledgerOf('shard1')).toEqual([
    'tenant bluth_co 1_books',
    'shard 2_reach',
    'tenant bluth_co 3_authors',
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, next: null });
  await assertLikeImport(s.fleet);
});

import { expect, test } from '@jest/globals';
import { veneerDrift } from '../support/veneer-drift.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const asApp = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql, 'app');

const tablesOf = async (tenant: string): Promise<unknown> => {
  const [row] = await s.fleet.query(
    'veneer',
    `SELECT array_agg(relname::text ORDER BY relname) AS names FROM pg_class
      WHERE relnamespace = '${tenant}'::regnamespace AND relkind = 'f'`,
  );
  return row?.['names'];
};

const oidOf = async (table: string): Promise<unknown> =>
  (await s.fleet.query('veneer', `SELECT '${table}'::regclass::oid AS oid`))[0]?.['oid'];

test('a new table is shown for every tenant, in the schema named after it', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.migrate('CREATE TABLE authors (id int); CREATE TABLE "Odd Name.x" (id int)');
  expect(await tablesOf('dunder_mifflin')).toEqual(['Odd Name.x', 'authors', 'books']);
  expect(await asApp('SELECT count(*)::int AS n FROM initech."Odd Name.x"')).toEqual([{ n: 0 }]);
});

test('a dropped table is dropped on the veneer', async () => {
  await s.start('CREATE TABLE books (id int); CREATE TABLE authors (id int)');
  await s.migrate('DROP TABLE authors');
  expect(await tablesOf('cyberdyne')).toEqual(['books']);
});

test('a renamed table keeps its oid on the veneer, under the new name and with the new table_name', async () => {
  await s.start('CREATE TABLE books (id int); INSERT INTO books VALUES (7)');
  const before = await oidOf('cyberdyne.books');
  const report = await s.migrate('ALTER TABLE books RENAME TO works');
  expect(report.shards[0]?.steps[0]?.veneerStatements['veneer']).toEqual([
    'ALTER FOREIGN TABLE "bluth_co"."books" RENAME TO "works"',
    `ALTER FOREIGN TABLE "bluth_co"."works" OPTIONS (SET table_name 'works')`,
  ]);
  expect(await oidOf('cyberdyne.works')).toBe(before);
  expect(await asApp('SELECT id FROM cyberdyne.works')).toEqual([{ id: 7 }]);
});

test('two tables that swap their names swap them on the veneer, each with its oid', async () => {
  await s.start('CREATE TABLE old (a int); CREATE TABLE new (b int)');
  const [old, young] = [await oidOf('initech.old'), await oidOf('initech.new')];
  await s.migrate(
    'ALTER TABLE old RENAME TO aside; ALTER TABLE new RENAME TO old; ALTER TABLE aside RENAME TO new',
  );
  expect([await oidOf('initech.new'), await oidOf('initech.old')]).toEqual([old, young]);
  expect(await asApp('SELECT b FROM initech.old')).toEqual([]);
});

test('a table that takes the name of a dropped one keeps its own oid and what hangs on it', async () => {
  await s.start('CREATE TABLE books (a int); CREATE TABLE draft (b int)');
  const draft = await oidOf('bluth_co.draft');
  await s.migrate('DROP TABLE books; ALTER TABLE draft RENAME TO books');
  expect(await oidOf('bluth_co.books')).toBe(draft);
  expect(await tablesOf('bluth_co')).toEqual(['books']);
});

test('a table dropped and made again under its name gets the columns of the new one', async () => {
  await s.start('CREATE TABLE books (id int, title text NOT NULL)');
  await s.migrate('DROP TABLE books; CREATE TABLE books (title text, id bigint, isbn text)');
  expect(await asApp('SELECT * FROM cyberdyne.books')).toEqual([]);
});

test('views and materialized views of the shard are shown as well', async () => {
  await s.start(`CREATE TABLE books (id int, title text); INSERT INTO books VALUES (1, 'Emma');
                 CREATE VIEW titles AS SELECT title FROM books;
                 CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM books`);
  expect(await asApp('SELECT * FROM cyberdyne.titles')).toEqual([{ title: 'Emma' }]);
  expect(await asApp('SELECT * FROM cyberdyne.counts')).toEqual([{ n: '1' }]);
  await s.migrate(`CREATE OR REPLACE VIEW titles AS SELECT title, id FROM books; DROP MATERIALIZED VIEW counts;
                   ALTER VIEW titles RENAME COLUMN title TO name`);
  expect(await asApp('SELECT * FROM cyberdyne.titles')).toEqual([{ name: 'Emma', id: 1 }]);
});

test('a partitioned table is one foreign table; its partitions are not shown', async () => {
  await s.start(`CREATE TABLE sales (at date, n int) PARTITION BY RANGE (at);
                 CREATE TABLE sales_2020 PARTITION OF sales FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
                 CREATE TABLE sales_2021 (at date, n int)`);
  expect(await tablesOf('initech')).toEqual(['sales', 'sales_2021']);
  await s.migrate(`ALTER TABLE sales ATTACH PARTITION sales_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
                   ALTER TABLE sales DETACH PARTITION sales_2020; ALTER TABLE sales ADD COLUMN who text`);
  expect(await tablesOf('initech')).toEqual(['sales', 'sales_2020']);
});

test('a table moved out of the tenant leaves the veneer, and one moved in appears', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('shard2', 'CREATE SCHEMA attic; CREATE TABLE attic.boxes (id int)');
  await s.write(`ALTER TABLE books SET SCHEMA attic; ALTER TABLE attic.boxes SET SCHEMA dunder_mifflin`);
  expect(await s.run.up({ shards: ['shard2'], tenants: ['dunder_mifflin'] })).toMatchObject({ exitCode: 0 });
  expect([await tablesOf('dunder_mifflin'), await tablesOf('cyberdyne')]).toEqual([['boxes'], ['books']]);
});

test('a table moved from one tenant to another is moved on the veneer, with what hangs on it', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  const books = await oidOf('cyberdyne.books');
  await s.fleet.query('veneer', 'CREATE VIEW public.titles AS SELECT title FROM cyberdyne.books');
  await s.write(
    'ALTER TABLE dunder_mifflin.books RENAME TO old; ALTER TABLE cyberdyne.books SET SCHEMA dunder_mifflin',
  );
  expect(await s.run.up({ tenants: ['cyberdyne'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await oidOf('dunder_mifflin.books')).toBe(books);
  expect([await tablesOf('cyberdyne'), await tablesOf('dunder_mifflin')]).toEqual([null, ['books', 'old']]);
  expect(await s.fleet.query('veneer', 'SELECT title FROM public.titles')).toEqual([]);
  expect(veneerDrift(await s.run.status())).toEqual([]);
});

test('a migration of comments alone, and a table without columns', async () => {
  await s.start('-- nothing to do yet');
  await s.migrate('CREATE TABLE nothing ()');
  await s.migrate('ALTER TABLE nothing ADD COLUMN other int');
});

test('a foreign table that somebody made by hand over the same relation is neither changed nor dropped', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  await s.fleet.query(
    'veneer',
    `CREATE FOREIGN TABLE bluth_co.mine (id int) SERVER shard1_server OPTIONS (schema_name 'bluth_co', table_name 'books')`,
  );
  const mine = await oidOf('bluth_co.mine');
  await s.migrate('ALTER TABLE books RENAME COLUMN title TO name', ['mine']);
  await s.migrate('ALTER TABLE books RENAME TO works', ['mine']);
  await s.migrate('DROP TABLE works; CREATE TABLE books (id int)', ['mine']);
  await s.run.sync();
  expect(await oidOf('bluth_co.mine')).toBe(mine);
  expect(await asApp('SELECT id FROM bluth_co.mine').catch((error: Error) => error.message)).toEqual([]);
  const status = await s.run.status();
  expect(status).toMatchObject({ exitCode: 11, next: 'migrate sync --prune --dry-run' });
  expect(status.drift).toMatchObject([
    {
      kind: 'extra table',
      grade: 'cosmetic',
      object: 'bluth_co.mine',
      cure: expect.stringContaining('--prune'),
    },
  ]);
  expect(await s.run.sync({ prune: true })).toMatchObject({ exitCode: 0, veneers: [{ state: 'repaired' }] });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

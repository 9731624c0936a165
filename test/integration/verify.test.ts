import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const TENANTS = Array.from({ length: 12 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`);

const s = scenario({
  config: (name) => bookstoreYaml(name).replace('cyberdyne, dunder_mifflin', TENANTS.join(', ')),
  shared: true,
});

const ledgerOf = async (migration: string): Promise<unknown[]> =>
  s.fleet.query('shard2', `SELECT tenant FROM pgveneer.ledger WHERE migration = '${migration}'`);

test('where it does not hold in one tenant of twelve the step is rolled back for all, and that tenant is named', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.fleet.query('shard2', `INSERT INTO t07.books VALUES (1, NULL)`);
  const name = await s.write(`ALTER TABLE books ADD COLUMN isbn text;
-- Verify
SELECT true;
SELECT count(*) = 0 AS "every book has a title" FROM books WHERE title IS NULL;
`);
  const report = await s.run.up();
  expect(report.problems).toMatchObject([
    {
      message: "the migration's verify part does not hold: its first column is false",
      where: { member: 'shard2', tenant: 't07', file: `migrations/${name}.sql`, line: 4, column: 1 },
      detail: expect.not.stringContaining('it fails in'),
    },
  ]);
  expect(report.exitCode).toBe(21);
  expect(await ledgerOf(name)).toEqual([]);
  await s.fleet.query('shard2', `INSERT INTO t03.books VALUES (1, NULL), (2, NULL)`);
  const again = await s.run.up();
  expect(again.problems[0]).toMatchObject({
    where: { tenant: 't03' },
    detail: expect.stringContaining('it fails in t07 too'),
  });
  await s.fleet.query('shard2', `DELETE FROM t03.books; DELETE FROM t07.books`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await ledgerOf(name)).toHaveLength(12);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test.each([
  ['no row', 'SELECT 1 FROM books', 'it returned no row'],
  ['a null', 'SELECT max(title) FROM books', 'its first column is null'],
  ['a false behind a true', 'VALUES (true), (false), (true)', 'its first column is false in row 2 of 3'],
  ['a false below a name that is there twice', 'SELECT false, true', 'its first column is false'],
  ['an error', "DO $$ BEGIN RAISE 'not so'; END $$", 'not so'],
  ['a deferred constraint', 'SELECT true', 'duplicate key'],
])('%s does not hold', async (what, sql, message) => {
  const setUp = what.startsWith('a deferred')
    ? 'CREATE TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO once VALUES (1), (1);'
    : '';
  await s.fleet.writeMigration('9000_broken.sql', `${setUp}\n-- Verify\n${sql};\n`);
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report.problems).toMatchObject([
    { message: expect.stringContaining(message), where: { tenant: 'bluth_co', migration: '9000_broken' } },
  ]);
  expect(report.exitCode).toBe(20);
});

test('what it does is undone: a sample row, a role, a table; in scripts too, that ask the database', async () => {
  await s.fleet.writeMigration(
    '9000_broken.sql',
    `-- Verify
INSERT INTO books VALUES (7, 'a sample');
CREATE TABLE scratch AS SELECT id FROM books;
SELECT EXISTS (SELECT FROM scratch WHERE id = 7), false;
SELECT FROM books;
SET LOCAL search_path TO nowhere;
`,
  );
  await s.fleet.writeMigration(
    '9001_script.js',
    `export const up = (pgm) => pgm.sql('CREATE TABLE later (id int)');
     export const verify = async (pgm) => {
       const [{ n }] = await pgm.db.select("SELECT count(*)::int AS n FROM pg_class WHERE oid = 'later'::regclass");
       pgm.sql(\`SELECT \${n} = 1 AND current_setting('pgveneer.tenant') = current_schema()\`);
     };`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.fleet.query('shard2', 'SELECT FROM t05.books')).toEqual([]);
  expect(await s.fleet.query('shard2', `SELECT FROM pg_class WHERE relname = 'scratch'`)).toEqual([]);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

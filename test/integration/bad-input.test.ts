import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const here = scenario();

const SHARD = `SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
  WHERE relnamespace = 'bluth_co'::regnamespace AND relkind IN ('r', 'f') ORDER BY 1, 2`;

/** What stands on the shard and on the veneer. */
const state = (): Promise<unknown> =>
  Promise.all(['shard1', 'veneer'].map((member) => here.fleet.query(member, SHARD)));

/** A migration that is refused: the message and hint, after everything was compared with what it was. */
async function refused(sql: string): Promise<string> {
  const before = await state();
  await here.write(sql);
  const { exitCode, problems } = await here.run.up();
  expect([exitCode, await state()]).toEqual([20, before]);
  return `${problems[0]?.message}; ${problems[0]?.hint}`;
}

test.each([
  ['table', 'CREATE TABLE bluth_co.taken (id int)'],
  ['view', 'CREATE VIEW bluth_co.taken AS SELECT 1 AS id'],
])('a local %s where a foreign table should be', async (_, sql) => {
  await here.start('CREATE TABLE books (id int)');
  await here.fleet.query('veneer', sql);
  expect(await refused('CREATE TABLE taken (id int)')).toMatch(
    /bluth_co.taken exists on the veneer already.*rename or drop it/,
  );
});

test('a collation that the veneer lacks is named', async () => {
  await here.start(`CREATE COLLATION here (provider = libc, locale = 'C'); CREATE TABLE books (id int)`);
  expect(await refused('ALTER TABLE books ADD t text COLLATE here')).toMatch(
    /bluth_co.books cannot be changed.*collation "bluth_co.here".*the veneer lacks what the column needs/,
  );
});

test("a column type that the veneer's version does not know", async () => {
  await here.start('CREATE TABLE books (id int)');
  for (const shard of ['shard1', 'shard2', 'shard3'])
    await here.fleet.query(
      shard,
      // What a newer PostgreSQL has of its own stands in pg_catalog.
      `SET allow_system_table_mods = on; CREATE TYPE pg_catalog.of_tomorrow AS ENUM ('a')`,
      'superuser',
    );
  expect(await refused('ALTER TABLE books ADD t of_tomorrow')).toMatch(
    /bluth_co.books cannot be changed.*type "of_tomorrow" does not exist.*upgrade the veneer/,
  );
});

test.each([
  [
    'an enum of somebody else',
    `CREATE TYPE bluth_co.mood AS ENUM ('x'); CREATE TABLE bluth_co.mine (m bluth_co.mood)`,
  ],
  ['the row type of a table', 'CREATE TABLE bluth_co.mood (x int)'],
])('a type that exists on the veneer with another meaning: %s', async (_, sql) => {
  await here.start('CREATE TABLE books (id int)');
  await here.fleet.query('veneer', sql);
  expect(await refused(`CREATE TYPE mood AS ENUM ('sad'); ALTER TABLE books ADD m mood`)).toMatch(
    /bluth_co.mood exists on the veneer with another meaning.*rename or drop it there, or name the type differently/,
  );
});

test('a name that a pattern makes longer than 63 bytes', async () => {
  const fleet = here.fleet.name;
  await here.fleet.writeConfig(
    `${bookstoreYaml(fleet)}\nexpose: [{ from: '{schema}.{table}', as: '{tenant}.{tenant}_{table}' }]\n`,
  );
  expect(await here.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await refused(`CREATE TABLE ${'é'.repeat(30)} (id int)`)).toMatch(
    /a name of 69 bytes.*shorten the pattern/,
  );
});

test('two relations to which two rules give one name', async () => {
  const rule = (table: string): string => `  - { from: "{schema}.${table}", as: "{tenant}.works" }\n`;
  await here.fleet.writeConfig(`${bookstoreYaml(here.fleet.name)}expose:\n${rule('books')}${rule('papers')}`);
  expect(await here.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await refused('CREATE TABLE books (id int); CREATE TABLE papers (id int)')).toMatch(
    /^expose … as gives bluth_co.books and bluth_co.papers one name: bluth_co.works; put \{tenant\}/,
  );
});

test('1,600 columns, most of them dropped long ago', async () => {
  await here.start('CREATE TABLE books (id int)');
  const many = Array.from({ length: 1599 }, (_, at) => at);
  const list = (action: (at: number) => string): string => many.map(action).join(', ');
  await here.fleet.query('veneer', `ALTER FOREIGN TABLE bluth_co.books ${list((at) => `ADD c${at} int`)}`);
  await here.fleet.query('veneer', `ALTER FOREIGN TABLE bluth_co.books ${list((at) => `DROP c${at}`)}`);
  expect(await refused('ALTER TABLE books ADD more int')).toMatch(
    /1600.*drop the foreign table.*migrate sync/,
  );
});

import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({
  shared: true,
  config: (fleet) => `${bookstoreYaml(fleet)}\nextensions: [citext, ltree]\n`,
});

const SHARDS = ['shard1', 'shard2', 'shard3'];

beforeAll(async () => {
  await s.start('CREATE TABLE books (id int)');
  for (const shard of SHARDS)
    await s.fleet.query(
      shard,
      'CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext',
      'superuser',
    );
  for (const member of SHARDS)
    await s.fleet.query(member, 'GRANT USAGE ON SCHEMA ext TO PUBLIC', 'superuser');
});

test('a listed extension is made on the veneer, in the step that brings the first column of its types', async () => {
  await s.migrate(`ALTER TABLE books ADD author ext.citext; CREATE DOMAIN name AS ext.citext CHECK (VALUE <> '');
                   CREATE TABLE people (n name, all_of ext.citext[]); INSERT INTO books VALUES (1, 'Austen')`);
  expect(
    await s.fleet.query(
      'veneer',
      `SELECT id FROM cyberdyne.books WHERE author OPERATOR(ext.=) 'AUSTEN'`,
      'app',
    ),
  ).toEqual([{ id: 1 }]);
  expect((await s.run.status()).drift).toEqual([]);
});

test('one that is not listed is refused with the command, and nothing is changed anywhere', async () => {
  const name = await s.write('ALTER TABLE books ADD tags ext.hstore');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'veneer' } }] });
  expect(report.problems[0]).toMatchObject({
    message: 'veneer lacks extension hstore, which shards.yaml does not list',
    detail: 'bluth_co.books.tags has a type of it',
    hint: expect.stringContaining('run on veneer: CREATE EXTENSION "hstore" SCHEMA "ext"'),
  });
  expect((await s.run.status()).drift).toEqual([]);
  await s.fleet.writeMigration(`${name}.sql`, 'SELECT 1');
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('an extension may have another schema on the veneer', async () => {
  await s.fleet.query('veneer', 'CREATE EXTENSION ltree SCHEMA public', 'superuser');
  await s.write(`ALTER TABLE books ADD path ext.ltree; INSERT INTO books (id, path) VALUES (2, 'a.b')`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.fleet.query('veneer', 'SELECT path FROM cyberdyne.books WHERE id = 2', 'app')).toEqual([
    { path: 'a.b' },
  ]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  expect(await s.run.sync()).toMatchObject({ veneers: [{ state: 'in line' }] });
});

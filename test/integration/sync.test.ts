import { expect, test } from '@jest/globals';
import { reportText } from '../../src/render/report-text.js';
import { PLAIN } from '../../src/render/blocks/style.js';
import { logged } from '../support/logged.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text); CREATE TABLE authors (id int)';

/** Changes three shards behind the veneer's back. */
async function drift(): Promise<void> {
  await s.fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN isbn text');
  await s.fleet.query(
    'shard2',
    'DROP TABLE dunder_mifflin.authors; CREATE TABLE cyberdyne.sales (n numeric(9,2) NOT NULL)',
  );
  await s.fleet.query('shard3', 'ALTER TABLE initech.books ALTER title SET NOT NULL, ALTER id TYPE bigint');
}

test('the dry run prints exactly the SQL that sync then runs, and changes nothing', async () => {
  await s.start(BOOKS);
  await drift();
  const planned = await s.run.sync({ dryRun: true });
  expect(planned).toMatchObject({ exitCode: 0, next: 'migrate sync', veneers: [{ state: 'planned' }] });
  expect(veneerDrift(await s.run.status())).toHaveLength(5);
  const sent = await logged(s.fleet, 'veneer');
  const done = await s.run.sync();
  expect(done).toMatchObject({ exitCode: 0, next: null, veneers: [{ state: 'repaired' }] });
  expect(done.veneers[0]?.statements).toEqual(planned.veneers[0]?.statements);
  const log = await sent();
  for (const statement of planned.veneers[0]?.statements ?? []) expect(log).toContain(statement);
  await assertLikeImport(s.fleet);
  expect(await s.run.sync()).toMatchObject({ exitCode: 0, veneers: [{ state: 'in line', statements: [] }] });
});

test('sync touches no shard', async () => {
  await s.start(BOOKS);
  await drift();
  const sent = await logged(s.fleet, 'shard2');
  await s.run.sync();
  expect(await sent()).not.toMatch(/: +(ALTER|CREATE|DROP|UPDATE|PREPARE)|INSERT INTO (?!pgveneer)/);
});

test('only what is selected is repaired', async () => {
  await s.start(BOOKS);
  await drift();
  await s.run.sync({ shards: ['shard1'] });
  expect(veneerDrift(await s.run.status()).map(({ where }) => where.tenant)).not.toContain('bluth_co');
  await s.run.sync({ tenants: ['cyberdyne'] });
  expect(veneerDrift(await s.run.status()).map(({ where }) => where.tenant)).toEqual([
    'dunder_mifflin',
    'initech',
    'initech',
  ]);
});

test('what hangs on a foreign table survives; a column below a view is refused by name, the other shards are repaired', async () => {
  await s.start(BOOKS);
  await s.fleet.query(
    'veneer',
    `CREATE VIEW initech.shelf AS SELECT id, title FROM initech.books; GRANT SELECT ON initech.shelf TO veneer_app`,
  );
  await drift();
  await s.fleet.query('shard3', 'ALTER TABLE initech.books DROP COLUMN title');
  const report = await s.run.sync();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate sync', veneers: [{ state: 'failed' }] });
  expect(report.problems[0]?.detail).toContain('view initech.shelf depends on column title');
  expect(veneerDrift(await s.run.status()).map(({ where }) => where.tenant)).toEqual(['initech', 'initech']);
  await s.fleet.query('veneer', 'DROP VIEW initech.shelf');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  await assertLikeImport(s.fleet);
});

test('a pruning sync that a view stops tells what it has dropped, and to prune again', async () => {
  await s.start(BOOKS);
  await s.fleet.query(
    'veneer',
    `CREATE FOREIGN TABLE bluth_co.extra (id int) SERVER shard1_server OPTIONS (schema_name 'bluth_co', table_name 'nope');
     CREATE FOREIGN TABLE initech.bookz (id int) SERVER shard3_server OPTIONS (schema_name 'initech', table_name 'books');
     CREATE VIEW initech.shelf AS SELECT id FROM initech.bookz`,
  );
  const report = await s.run.sync({ prune: true });
  expect(report).toMatchObject({
    exitCode: 21,
    next: 'migrate sync --prune',
    veneers: [{ state: 'failed' }],
  });
  expect(report.problems[0]?.detail).toContain('view initech.shelf depends on');
  const there = `SELECT to_regclass('bluth_co.extra') AS extra, to_regclass('initech.bookz') AS bookz`;
  expect(await s.fleet.query('veneer', there)).toEqual([{ extra: null, bookz: 'initech.bookz' }]);
  expect(reportText(report, PLAIN)).toContain('-- ran on veneer\nDROP FOREIGN TABLE "bluth_co"."extra";');
});

test('a column renamed by hand is a new one to sync: the name alone cannot tell', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', 'ALTER TABLE bluth_co.books RENAME title TO name');
  expect((await s.run.sync()).veneers[0]?.statements).toEqual([
    'ALTER FOREIGN TABLE "bluth_co"."books" DROP COLUMN "title"',
    `ALTER FOREIGN TABLE "bluth_co"."books" ADD COLUMN "name" text OPTIONS (column_name 'name')`,
  ]);
  await assertLikeImport(s.fleet);
});

test('rules of expose decide: what they name otherwise moves, what they except is dropped', async () => {
  await s.start(BOOKS);
  const rules = `expose:\n  - { from: '{schema}.{table}', as: '{tenant}.shop_{table}', except: [authors] }\n`;
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name) + rules);
  expect(
    (await s.run.status({ tenants: ['initech'] })).drift.map(({ kind, object }) => `${kind} ${object}`),
  ).toContain('missing table initech.shop_books');
  await s.run.sync({ prune: true });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  expect(await s.fleet.query('veneer', 'SELECT title FROM initech.shop_books', 'app')).toEqual([]);
  expect(
    await s.fleet.query(
      'veneer',
      `SELECT to_regclass('initech.books') AS b, to_regclass('initech.authors') AS a`,
    ),
  ).toEqual([{ a: null, b: null }]);
  await s.write('ALTER TABLE books RENAME TO works; ALTER TABLE authors ADD COLUMN name text');
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await s.fleet.query('veneer', 'SELECT title FROM initech.shop_works', 'app')).toEqual([]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('before setup there is nothing to repair with, and it says so', async () => {
  await expect(s.run.sync()).rejects.toMatchObject({ facts: { exitCode: 20, hint: 'migrate setup' } });
});

test('a shard that is down leaves the others repaired', async () => {
  await s.start(BOOKS);
  await drift();
  await s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace('${SHARD2_URL}', `postgres://a:b@localhost:1/${s.fleet.database}`),
  );
  const report = await s.run.sync();
  expect(report).toMatchObject({
    exitCode: 23,
    next: 'migrate status',
    problems: [{ where: { member: 'shard2' } }],
  });
  expect(report.veneers[0]?.statements.join()).toMatch(/bluth_co.*initech/);
});

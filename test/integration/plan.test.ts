import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';

test('before setup everything is pending for everybody, and nothing is written', async () => {
  await s.write(BOOKS);
  const report = await s.run.plan();
  expect(report).toMatchObject({ exitCode: 0, next: 'migrate setup', problems: [] });
  expect(report.groups).toEqual([
    {
      scope: 'tenant',
      subjects: ['bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech'],
      pending: ['0001_change'],
    },
  ]);
  expect(await s.fleet.query('shard1', `SELECT to_regnamespace('pgveneer') AS n`)).toEqual([{ n: null }]);
});

test('tenants by what is pending, statements with locks and rewrites, time from those who have it; empty after up', async () => {
  await s.start(BOOKS);
  await s.write(
    'ALTER TABLE books ADD COLUMN at timestamptz DEFAULT clock_timestamp();\nCREATE INDEX ON books (title);',
  );
  await s.run.up({ shards: ['shard1'] });
  await s.fleet.writeMigration(
    '0003_asks.js',
    `export const up = async (pgm) => { await pgm.db.query('SELECT 1'); }; export const verify = (pgm) => pgm.sql('SELECT 1');`,
  );
  await s.fleet.writeMigration('0004_alone.sql', '-- no-transaction\nVACUUM books');
  const report = await s.run.plan({ exitCode: 'pending' });
  expect(report).toMatchObject({ exitCode: 10, next: 'migrate up' });
  expect(report.groups).toEqual([
    { scope: 'tenant', subjects: ['bluth_co'], pending: ['0003_asks', '0004_alone'] },
    {
      scope: 'tenant',
      subjects: ['cyberdyne', 'dunder_mifflin', 'initech'],
      pending: ['0002_change', '0003_asks', '0004_alone'],
    },
  ]);
  expect(report.migrations).toMatchObject([
    {
      migration: '0002_change',
      runs: 3,
      msEach: expect.any(Number),
      statements: [
        { line: 1, rewrites: 'yes', locks: [{ relation: 'books', mode: 'ACCESS EXCLUSIVE' }] },
        { line: 2, rewrites: 'no', others: 'none', locks: [{ relation: 'books', mode: 'SHARE' }] },
      ],
    },
    { migration: '0003_asks', runs: 4, statements: null, verified: true, msEach: null },
    { migration: '0004_alone', transaction: 'none' },
  ]);
  expect(report.shards[1]).toMatchObject({
    shard: 'shard2',
    statements: null,
    estimateMs: null,
    steps: [{ migration: '0002_change', tenants: ['cyberdyne', 'dunder_mifflin'] }, {}, {}],
  });
  expect(report.capacity.members.map(({ member }) => member)).toEqual([
    'veneer',
    'shard1',
    'shard2',
    'shard3',
  ]);
  await s.run.up({ shards: ['shard2'] });
  const rest = await s.run.plan({ shards: ['shard3'] });
  expect(rest.shards).toMatchObject([{ shard: 'shard3', statements: null }]);
  await s.run.up();
  expect(await s.run.plan({ exitCode: 'pending' })).toMatchObject({
    exitCode: 0,
    next: null,
    groups: [],
    migrations: [],
  });
});

test('batches as a run would make them', async () => {
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('rollout: {', 'rollout: { batch: 1,'));
  await s.run.setup();
  await s.write(BOOKS);
  const { shards, batches, capacity } = await s.run.plan();
  expect(shards[1]?.steps.map(({ tenants }) => tenants)).toEqual([['cyberdyne'], ['dunder_mifflin']]);
  expect(batches).toEqual([
    { shard: 'shard2', migration: '0001_change', steps: 2, tenants: 1, by: 'rollout.batch' },
  ]);
  expect(shards[1]).toMatchObject({ statements: 2 });
  expect(capacity.lanes).toBe(3);
});

test('what commits on all shards at once is not cut into batches, and no batch is told', async () => {
  const together = bookstoreYaml(s.fleet.name)
    .replace('canary: [shard1], ', '')
    .replace('rollout: {', 'rollout: { batch: 1, atomic: fleet,');
  await s.fleet.writeConfig(together);
  await s.run.setup();
  await s.write(BOOKS);
  const { shards, batches } = await s.run.plan();
  expect(batches).toEqual([]);
  expect(shards[1]?.steps.map(({ tenants }) => tenants)).toEqual([['cyberdyne', 'dunder_mifflin']]);
});

test('SQL for a review, which overwrites nothing', async () => {
  await s.write(`${BOOKS} -- the books`);
  await s.write('ALTER TABLE books ALTER COLUMN title TYPE varchar(20)');
  const folder = `${s.fleet.dir}/review`;
  const { files } = await s.run.plan({ sqlFiles: folder });
  expect(files).toEqual([`${folder}/1-0001_change.sql`, `${folder}/2-0002_change.sql`]);
  expect(await readFile(files[1] ?? '', 'utf8')).toBe(`-- migrations/0002_change.sql, for each tenant of:
--   shard1: bluth_co
--   shard2: cyberdyne, dunder_mifflin
--   shard3: initech
-- For review. migrate up runs it, records it, and changes the veneers in the same step.

-- locks books: ACCESS EXCLUSIVE
-- may lock more
-- may rewrite
ALTER TABLE books ALTER COLUMN title TYPE varchar(20);
`);
  await expect(s.run.plan({ sqlFiles: folder })).rejects.toMatchObject({ facts: { exitCode: 20 } });
});

test('what up would refuse is told, with its exit code', async () => {
  await s.start(BOOKS);
  await s.fleet.writeMigration('0001_change.sql', `${BOOKS}; SELECT 1`);
  expect(await s.run.plan()).toMatchObject({ exitCode: 20, next: 'migrate status', problems: [{}] });
});

test('INSERTs through the veneer that will suffer are told before, as up tells them afterwards', async () => {
  await s.start(BOOKS);
  await s.write(`ALTER TABLE books
    ADD COLUMN a int GENERATED ALWAYS AS (1) STORED, ADD COLUMN b timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN c serial, ADD COLUMN d int GENERATED BY DEFAULT AS IDENTITY, ADD COLUMN e text DEFAULT current_user,
    ADD COLUMN f text NOT NULL DEFAULT lower('X'), ADD COLUMN g text DEFAULT NULL, ADD COLUMN h text DEFAULT 'h'`);
  const { migrations } = await s.run.plan();
  const foreseen = migrations[0]?.statements?.[0]?.writes ?? [];
  expect(foreseen.map(({ relation, column, effect }) => `${relation}.${column} ${effect}`)).toEqual([
    'books.c must be given',
    'books.d must be given',
    'books.e stays NULL',
    'books.f must be given',
  ]);
  const { shards } = await s.run.up({ shards: ['shard1'] });
  const told = shards[0]?.steps[0]?.writes.flatMap(({ limits }) => limits) ?? [];
  expect(told.map(({ column, effect }) => [column, effect])).toEqual(
    foreseen.map(({ column, effect }) => [column, effect]),
  );
  await s.fleet.writeConfig(`${await s.fleet.readConfig()}policy: { writes: allow }\n`);
  const silent = await s.run.plan();
  expect(silent.migrations[0]?.statements?.[0]?.writes).toEqual([]);
});

test('tables made anew, and columns made what a veneer cannot follow, are told as well', async () => {
  await s.write(`CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY, at date NOT NULL DEFAULT current_date, no bigserial);
ALTER TABLE orders ALTER COLUMN at SET DEFAULT to_date('1', 'J'), ALTER COLUMN no SET DEFAULT 1;
ALTER TABLE orders ALTER COLUMN at ADD GENERATED ALWAYS AS IDENTITY`);
  const { migrations } = await s.run.plan({ sqlFiles: `${s.fleet.dir}/review` });
  expect(
    migrations[0]?.statements?.map(({ writes }) => writes.map(({ column, effect }) => `${column} ${effect}`)),
  ).toEqual([['id no INSERT works', 'no must be given'], ['at stays NULL'], ['at no INSERT works']]);
  expect(await readFile(`${s.fleet.dir}/review/1-0001_change.sql`, 'utf8')).toContain(
    '-- INSERTs into orders through the veneer: id: no INSERT works; GENERATED ALWAYS AS IDENTITY',
  );
});

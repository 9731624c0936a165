import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario({ shared: true });

beforeAll(() =>
  s.start(`CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE books (id int, m mood);
           CREATE DOMAIN code AS int CHECK (VALUE > 0); CREATE TABLE codes (c code);
           CREATE TYPE place AS (street text, town text); CREATE TABLE places (p place);
           CREATE TYPE span AS RANGE (subtype = int); CREATE TABLE spans (r span)`),
);

/** [what was done by hand on the veneer, the drift that it is] */
const CASES: readonly (readonly [string, string, string])[] = [
  [
    'a label too many',
    `ALTER TYPE initech.mood ADD VALUE 'up'`,
    'extra label: writes break: type initech.mood',
  ],
  [
    'labels in another order',
    `ALTER TYPE initech.mood RENAME VALUE 'ok' TO 'x'; ALTER TYPE initech.mood RENAME VALUE 'sad' TO 'ok';
     ALTER TYPE initech.mood RENAME VALUE 'x' TO 'sad'`,
    'label order: wrong answers: type initech.mood',
  ],
  [
    'a label that is missing',
    `DROP FOREIGN TABLE initech.books; DROP TYPE initech.mood; CREATE TYPE initech.mood AS ENUM ('sad', 'happy');
     CREATE FOREIGN TABLE initech.books (id int OPTIONS (column_name 'id'), m initech.mood OPTIONS (column_name 'm'))
       SERVER shard3_server OPTIONS (schema_name 'initech', table_name 'books')`,
    'missing label: error: type initech.mood',
  ],
  [
    'a check that is missing',
    'ALTER DOMAIN initech.code DROP CONSTRAINT code_check',
    'type: error: type initech.code',
  ],
  [
    'an attribute that is missing',
    'ALTER TYPE initech.place DROP ATTRIBUTE street',
    'type: wrong answers: type initech.place',
  ],
  [
    'attributes in another order',
    'ALTER TYPE initech.place DROP ATTRIBUTE street; ALTER TYPE initech.place ADD ATTRIBUTE street text',
    'type: wrong answers: type initech.place',
  ],
];

test.each(CASES)('%s is found, graded and cured by sync', async (_, sql, expected) => {
  await s.fleet.query('veneer', sql);
  const { drift } = await s.run.status();
  expect(drift.map(({ kind, grade, object }) => `${kind}: ${grade}: ${object}`)).toEqual([expected]);
  const planned = await s.run.sync({ dryRun: true });
  const done = await s.run.sync();
  expect(done).toMatchObject({ problems: [], exitCode: 0, veneers: [{ state: 'repaired' }] });
  expect(planned.veneers[0]?.statements.map(withoutOid)).toEqual(done.veneers[0]?.statements.map(withoutOid));
  expect((await s.run.status()).drift).toEqual([]);
  expect(await s.run.sync()).toMatchObject({ veneers: [{ state: 'in line' }] });
});

const withoutOid = (sql: string): string => sql.replaceAll(/pgveneer_\d+/g, 'pgveneer_');

test('a type and a table that are missing come back together', async () => {
  await s.fleet.query('veneer', 'DROP FOREIGN TABLE initech.books; DROP TYPE initech.mood');
  expect((await s.run.status()).drift.map(({ kind }) => kind)).toEqual(['missing table', 'missing type']);
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  expect((await s.run.status()).drift).toEqual([]);
});

test('types that nothing is made of any more are told by sync, and dropped by --prune alone', async () => {
  await s.migrate('DROP TABLE places');
  await s.fleet.query(
    'veneer',
    `SET search_path TO initech; CREATE TYPE leaf AS ENUM ('a'); CREATE DOMAIN good AS leaf CHECK (VALUE <> 'a'::leaf);
     CREATE TYPE tree AS (l leaf[], g good); CREATE TYPE "Of a function" AS ENUM ('x');
     CREATE FUNCTION f("Of a function") RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  );
  await s.fleet.query('veneer', `CREATE TYPE initech.theirs AS ENUM ('x')`, 'superuser');
  const types = async (): Promise<unknown> =>
    (
      await s.fleet.query(
        'veneer',
        `SELECT typname::text AS name FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
          WHERE typnamespace = 'initech'::regnamespace AND (typtype IN ('e', 'd', 'r') OR relkind = 'c') ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const before = await types();
  const told = await s.run.sync();
  expect(told).toMatchObject({ veneers: [{ state: 'in line' }], exitCode: 0 });
  expect(told.notices).toEqual([
    'veneer has types that nothing is made of any more, which --prune drops: bluth_co.place, cyberdyne.place, dunder_mifflin.place, initech.place, initech.tree and 2 more',
  ]);
  expect(await types()).toEqual(before);
  const planned = await s.run.sync({ prune: true, dryRun: true });
  const pruned = await s.run.sync({ prune: true });
  expect(pruned).toMatchObject({ veneers: [{ state: 'repaired' }], exitCode: 0, notices: [] });
  expect(planned.veneers[0]?.statements).toEqual(pruned.veneers[0]?.statements);
  expect(await types()).toEqual(['Of a function', 'code', 'mood', 'span', 'theirs']);
  expect(await s.run.sync({ prune: true })).toMatchObject({ veneers: [{ state: 'in line' }] });
  await s.migrate('ALTER TABLE books ADD p place');
});

test('a type of the veneer that nothing of the fleet has is not changed', async () => {
  await s.fleet.query(
    'veneer',
    `CREATE TYPE public.state AS ENUM ('on', 'off'); CREATE TABLE public.mine (s public.state)`,
  );
  for (const shard of ['shard1', 'shard2', 'shard3'])
    await s.fleet.query(shard, `CREATE TYPE public.state AS ENUM ('open', 'shut')`, 'superuser');
  await s.write('ALTER TABLE books ADD s public.state');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.message).toContain('public.state exists on the veneer with another meaning');
  expect((await s.run.status()).drift).toEqual([]);
  await s.fleet.query('veneer', 'DROP TABLE public.mine; DROP TYPE public.state');
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

test('a label that is missing, and is the default of a column, comes back with it', async () => {
  await s.migrate(
    `CREATE TYPE state AS ENUM ('open', 'done'); CREATE TABLE jobs (id int, s state NOT NULL DEFAULT 'open')`,
  );
  await s.fleet.query(
    'veneer',
    `DROP FOREIGN TABLE initech.jobs; DROP TYPE initech.state; CREATE TYPE initech.state AS ENUM ('done');
     CREATE FOREIGN TABLE initech.jobs (id int OPTIONS (column_name 'id'), s initech.state OPTIONS (column_name 's') NOT NULL)
       SERVER shard3_server OPTIONS (schema_name 'initech', table_name 'jobs');
     GRANT SELECT, INSERT ON initech.jobs TO veneer_app; CREATE VIEW public.states AS SELECT s FROM initech.jobs`,
  );
  expect((await s.run.status()).drift.map(({ kind }) => kind)).toEqual(['missing label', 'default']);
  expect(await s.run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  expect((await s.run.status()).drift).toEqual([]);
  await s.fleet.query('veneer', 'INSERT INTO initech.jobs (id) VALUES (1)', 'app');
  expect(await s.fleet.query('veneer', 'SELECT s::text FROM public.states')).toEqual([{ s: 'open' }]);
  await s.fleet.query('veneer', 'DROP VIEW public.states');
});

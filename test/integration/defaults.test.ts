import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const here = scenario();

const rows = (sql: string): Promise<Record<string, unknown>[]> => here.fleet.query('veneer', sql);

test('an INSERT that omits columns gets the defaults of the shard', async () => {
  await here.start(`CREATE TABLE books (
    id int NOT NULL DEFAULT 7, title text NOT NULL DEFAULT 'O''Brien "x"; --', code varchar(3) DEFAULT 'abc',
    made timestamptz NOT NULL DEFAULT now(), day date DEFAULT CURRENT_DATE, tags text[] NOT NULL DEFAULT '{}',
    due date NOT NULL DEFAULT '2026-02-03', span interval DEFAULT '1 day 02:03:04', ok boolean NOT NULL DEFAULT true,
    key uuid NOT NULL DEFAULT gen_random_uuid(), utc timestamp DEFAULT (now() AT TIME ZONE 'utc'), price numeric(6,2) DEFAULT -1.5,
    c char(3) DEFAULT 'x', bits bit(3) DEFAULT B'101', data jsonb DEFAULT '{"a": [1]}', big bigint DEFAULT 9223372036854775807)`);
  await rows('INSERT INTO bluth_co.books (code) VALUES (NULL)');
  await here.fleet.query('shard1', 'INSERT INTO bluth_co.books (code) VALUES (NULL)');
  const stored = await rows(
    `SELECT DISTINCT id, title, code, now() - made < '1 hour' AS made, day, tags, due::text, span::text, ok, price, c, bits::text,
            data, big, key IS NULL AS key, now() AT TIME ZONE 'utc' - utc < '1 hour' AS utc
       FROM bluth_co.books`,
  );
  expect(stored).toHaveLength(1);
  expect(stored[0]).toMatchObject({
    id: 7,
    title: `O'Brien "x"; --`,
    due: '2026-02-03',
    made: true,
    key: false,
  });
});

test('a default of a migration that sets another DateStyle and TimeZone keeps its meaning', async () => {
  await here.start(`SET datestyle = 'German'; SET timezone = 'Asia/Tokyo';
    CREATE TABLE books (id int, day date DEFAULT '3.2.2026', at timestamptz DEFAULT '3.2.2026 00:00')`);
  await rows(`SET datestyle = 'ISO, DMY'; INSERT INTO bluth_co.books VALUES (1)`);
  expect(
    await rows(`SELECT day::text, at AT TIME ZONE 'UTC' = '2026-02-02 15:00' AS at FROM bluth_co.books`),
  ).toEqual([{ day: '2026-02-03', at: true }]);
});

test('defaults are set, changed and dropped in place, also around a change of type', async () => {
  await here.start('CREATE TABLE books (id int, flag boolean NOT NULL DEFAULT false, who text)');
  const [before] = await rows(`SELECT 'bluth_co.books'::regclass::oid AS oid`);
  await here.migrate('ALTER TABLE books ALTER id SET DEFAULT 3, ALTER who SET DEFAULT current_user');
  await here.migrate(
    `ALTER TABLE books ALTER flag DROP DEFAULT, ALTER flag TYPE int USING flag::int, ALTER flag SET DEFAULT 0`,
  );
  await here.migrate('ALTER TABLE books ALTER id SET DEFAULT 4');
  await rows('INSERT INTO bluth_co.books (who) VALUES (NULL)');
  expect(await rows('SELECT * FROM bluth_co.books')).toEqual([{ id: 4, flag: 0, who: null }]);
  await here.migrate('ALTER TABLE books ALTER id DROP DEFAULT');
  await here.migrate('CREATE SEQUENCE s; ALTER TABLE books ALTER flag SET DEFAULT nextval($$s$$)');
  expect(
    await rows(
      `SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'books' AND column_default IS NOT NULL`,
    ),
  ).toEqual([{ count: 0 }]);
  expect(await rows(`SELECT 'bluth_co.books'::regclass::oid AS oid`)).toEqual([before]);
});

test('defaults of tables that were imported before are drift, and sync sets them', async () => {
  await here.start(
    'CREATE TABLE books (id int NOT NULL DEFAULT 1, n int DEFAULT 2, made timestamptz NOT NULL DEFAULT now(), own int)',
  );
  await rows(`ALTER FOREIGN TABLE bluth_co.books ALTER id DROP DEFAULT, ALTER n SET DEFAULT 3`);
  await expect(rows('INSERT INTO bluth_co.books (own) VALUES (1)')).rejects.toThrow(
    'null value in column "id"',
  );
  const { drift } = await here.run.status();
  expect(drift.map(({ kind, grade, object }) => [kind, grade, object])).toEqual([
    ['default', 'wrong answers', 'bluth_co.books.n'],
    ['default', 'writes break', 'bluth_co.books.id'],
  ]);
  expect((await here.run.sync()).veneers[0]?.statements).toEqual([
    'ALTER FOREIGN TABLE "bluth_co"."books" ALTER COLUMN "id" SET DEFAULT 1',
    'ALTER FOREIGN TABLE "bluth_co"."books" ALTER COLUMN "n" SET DEFAULT 2',
  ]);
  expect((await here.run.status()).drift).toEqual([]);
  await rows('INSERT INTO bluth_co.books (own) VALUES (1)');
  expect(await rows('SELECT id, n FROM bluth_co.books')).toEqual([{ id: 1, n: 2 }]);
});

test('a default that was set by hand where the shard has none to copy stays', async () => {
  await here.start('CREATE TABLE books (id serial, n int)');
  await rows(
    `CREATE SEQUENCE public.ids START 100; ALTER FOREIGN TABLE bluth_co.books ALTER id SET DEFAULT nextval('public.ids')`,
  );
  expect((await here.run.status()).drift).toEqual([]);
  expect((await here.run.sync()).veneers[0]).toMatchObject({ state: 'in line' });
  await rows('INSERT INTO bluth_co.books (n) VALUES (1)');
  expect(await rows('SELECT id FROM bluth_co.books')).toEqual([{ id: 100 }]);
});

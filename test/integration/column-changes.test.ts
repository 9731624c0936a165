import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const here = scenario();

const rows = (sql: string): Promise<Record<string, unknown>[]> => here.fleet.query('veneer', sql);
const onShard = (sql: string): Promise<Record<string, unknown>[]> => here.fleet.query('shard1', sql);

test('a NOT NULL that is not validated is none on the veneer, where IS NULL would miss rows; validated it is one', async () => {
  await here.start('CREATE TABLE books (id int, title text); CREATE TABLE authors (id int)');
  await onShard('INSERT INTO bluth_co.books VALUES (1, NULL)');
  await here.migrate('ALTER TABLE books ADD CONSTRAINT titled NOT NULL title NOT VALID');
  expect(await rows('SELECT id FROM bluth_co.books WHERE title IS NULL')).toEqual([{ id: 1 }]);
  const reader = await here.fleet.connect('veneer');
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  // Another table of the shard: its remote snapshot still sees the row with NULL.
  await reader.query('SELECT FROM bluth_co.authors');
  await onShard(`UPDATE bluth_co.books SET title = ''`);
  const name = await here.write('ALTER TABLE books VALIDATE CONSTRAINT titled');
  let ended = false;
  const waiting = here.run.up().finally(() => (ended = true));
  const waits = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'bluth_co.authors'::regclass`;
  while ((await rows(waits)).length === 0) expect(ended).toBe(false);
  await reader.query('COMMIT');
  expect((await waiting).shards.map(({ steps }) => steps.at(-1)?.migration)).toEqual([name, name, name]);
  expect(
    await rows(
      `SELECT attnotnull FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attname = 'title'`,
    ),
  ).toEqual([{ attnotnull: true }]);
  expect((await here.run.status()).drift).toEqual([]);
});

test('a generated expression is set, changed and dropped in place, and what hangs on the column lives on', async () => {
  await here.start('CREATE TABLE books (id int, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)');
  await rows('CREATE VIEW public.over AS SELECT twice FROM bluth_co.books');
  await here.migrate('ALTER TABLE books RENAME n TO pages');
  await here.migrate('ALTER TABLE books ALTER twice SET EXPRESSION AS (pages * 3)');
  await rows('INSERT INTO bluth_co.books (id, pages) VALUES (1, 5)');
  expect(await rows('SELECT * FROM public.over')).toEqual([{ twice: 15 }]);
  await here.migrate('ALTER TABLE books ALTER twice DROP EXPRESSION, ALTER twice SET DEFAULT 9');
  await here.migrate('ALTER TABLE books ALTER pages TYPE bigint');
  await rows('INSERT INTO bluth_co.books (id) VALUES (2)');
  expect(await rows('SELECT * FROM public.over ORDER BY 1')).toEqual([{ twice: 9 }, { twice: 15 }]);
  await rows('DROP VIEW public.over');
  await here.migrate('ALTER TABLE books DROP twice, ADD twice int GENERATED ALWAYS AS (pages * 4) STORED');
  await here.migrate(
    'ALTER TABLE books DROP pages CASCADE, ADD pages text GENERATED ALWAYS AS (id::text) STORED',
  );
  expect(await rows('SELECT * FROM bluth_co.books ORDER BY id')).toEqual([
    { id: 1, pages: '1' },
    { id: 2, pages: '2' },
  ]);
});

test('types, collations and renames change with and without a rewrite, and selects prove it', async () => {
  await here.start(
    `CREATE TABLE books (a varchar(3) COLLATE "C", b int, c numeric(4,1), d timestamp, e text[])`,
  );
  await onShard(`INSERT INTO bluth_co.books VALUES ('abc', 1, 2.5, '2026-01-02', '{x}')`);
  await here.migrate('ALTER TABLE books ALTER a TYPE varchar(30)');
  await here.migrate('ALTER TABLE books ALTER a TYPE text COLLATE "POSIX"');
  await here.migrate('ALTER TABLE books ALTER b TYPE text, ALTER c TYPE numeric(9,4)');
  await here.migrate(
    'ALTER TABLE books RENAME a TO f; ALTER TABLE books RENAME b TO a; ALTER TABLE books RENAME f TO b',
  );
  await here.migrate('ALTER TABLE books ALTER d TYPE date, ALTER e TYPE varchar(2)[]');
  await onShard(`UPDATE bluth_co.books SET c = 2.5678, b = 'abcdef'`);
  const select = 'SELECT a, b, c, d::text, e FROM bluth_co.books';
  expect(await rows(select)).toEqual(await onShard(select));
  expect(await rows(select)).toEqual([{ a: '1', b: 'abcdef', c: '2.5678', d: '2026-01-02', e: ['x'] }]);
});

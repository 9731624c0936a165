import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL, author text, pages int);
               INSERT INTO books VALUES (1, 'Emma', 'Austen', 474)`;

const asApp = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql, 'app');

test('a new column can be read and written through the veneer', async () => {
  await s.start(BOOKS);
  await s.migrate(`ALTER TABLE books ADD COLUMN isbn text, ADD COLUMN "Sold at" timestamptz`);
  await asApp(`UPDATE cyberdyne.books SET isbn = '978', "Sold at" = '2020-01-01 00:00Z'`);
  expect(await s.fleet.query('shard2', 'SELECT isbn FROM cyberdyne.books', 'app')).toEqual([{ isbn: '978' }]);
  expect(await asApp('SELECT isbn FROM initech.books')).toEqual([{ isbn: null }]);
});

test('a dropped column is gone from the veneer, and the others keep their values', async () => {
  await s.start(BOOKS);
  await s.migrate('ALTER TABLE books DROP COLUMN author');
  expect(await asApp('SELECT * FROM cyberdyne.books')).toEqual([{ id: 1, title: 'Emma', pages: 474 }]);
});

test('a renamed column is renamed on the veneer, with its column_name option', async () => {
  await s.start(BOOKS);
  const report = await s.migrate('ALTER TABLE books RENAME COLUMN title TO name');
  expect(report.shards[0]?.steps[0]?.veneerStatements['veneer']).toEqual([
    'ALTER FOREIGN TABLE "bluth_co"."books" RENAME COLUMN "title" TO "name"',
    `ALTER FOREIGN TABLE "bluth_co"."books" ALTER COLUMN "name" OPTIONS (SET column_name 'name')`,
  ]);
  expect(await asApp('SELECT name FROM dunder_mifflin.books')).toEqual([{ name: 'Emma' }]);
});

test('two columns that swap their names swap them on the veneer', async () => {
  await s.start(BOOKS);
  await s.migrate(`ALTER TABLE books RENAME COLUMN title TO aside; ALTER TABLE books RENAME COLUMN author TO title;
                   ALTER TABLE books RENAME COLUMN aside TO author`);
  expect(await asApp('SELECT title, author FROM cyberdyne.books')).toEqual([
    { title: 'Austen', author: 'Emma' },
  ]);
});

test('a chain of renamed columns follows its end first', async () => {
  await s.start(BOOKS);
  await s.migrate(
    `ALTER TABLE books RENAME COLUMN author TO writer; ALTER TABLE books RENAME COLUMN title TO author`,
  );
  expect(await asApp('SELECT author, writer FROM cyberdyne.books')).toEqual([
    { author: 'Emma', writer: 'Austen' },
  ]);
});

test('a column that takes the name of a dropped one is renamed, with what hangs on it', async () => {
  await s.start(BOOKS);
  await s.fleet.query('veneer', 'CREATE VIEW bluth_co.writers AS SELECT author FROM bluth_co.books');
  await s.migrate(
    'ALTER TABLE books DROP COLUMN title; ALTER TABLE books RENAME COLUMN author TO title; ALTER TABLE books ALTER title SET NOT NULL',
  );
  expect(await asApp('SELECT * FROM cyberdyne.books')).toEqual([{ id: 1, title: 'Austen', pages: 474 }]);
  expect(await s.fleet.query('veneer', 'SELECT author FROM bluth_co.writers')).toEqual([
    { author: 'Austen' },
  ]);
});

test('a column that is dropped and made again stands at the end, the others stay in place', async () => {
  await s.start(BOOKS);
  await s.fleet.query(
    'veneer',
    'CREATE VIEW bluth_co.long AS SELECT id FROM bluth_co.books WHERE pages > 100',
  );
  await s.migrate('ALTER TABLE books DROP COLUMN title; ALTER TABLE books ADD COLUMN title varchar(20)');
  expect(await asApp('SELECT * FROM initech.books')).toEqual([
    { id: 1, author: 'Austen', pages: 474, title: null },
  ]);
});

test('NOT NULL set on the shard is set on the veneer, and dropped again', async () => {
  await s.start(BOOKS);
  const isNull = 'SELECT count(*)::int AS n FROM cyberdyne.books WHERE author IS NULL';
  await s.migrate('ALTER TABLE books ALTER author SET NOT NULL');
  expect(await asApp(isNull)).toEqual([{ n: 0 }]);
  await s.migrate('ALTER TABLE books ALTER author DROP NOT NULL; UPDATE books SET author = NULL');
  expect(await asApp(isNull)).toEqual([{ n: 1 }]);
});

test('a table and its column renamed in one migration', async () => {
  await s.start(BOOKS);
  await s.migrate('ALTER TABLE books RENAME COLUMN title TO name; ALTER TABLE books RENAME TO works');
  expect(await asApp('SELECT name FROM cyberdyne.works')).toEqual([{ name: 'Emma' }]);
});

test('collations, generated columns, typmods and arrays are as IMPORT makes them', async () => {
  await s.start(`CREATE TABLE things (a text COLLATE "C", b varchar(7)[], c numeric(9,3) NOT NULL, d int[],
                   e text GENERATED ALWAYS AS (upper(a)) STORED, "f G" bit varying(3), h interval day to second(2),
                   i bigint GENERATED ALWAYS AS IDENTITY, j serial)`);
  await s.migrate(
    `ALTER TABLE things ADD COLUMN k text COLLATE "POSIX" NOT NULL DEFAULT '', ADD COLUMN l "char"`,
  );
});

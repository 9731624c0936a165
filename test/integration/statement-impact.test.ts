import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { LOCK_MODES, together } from '../../src/migrations/sql/lock-modes.js';
import { parseSql } from '../../src/migrations/sql/parse-sql.js';
import { impactOf } from '../../src/migrations/sql/statement-impact.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let client: Client;

beforeAll(async () => {
  fleet = await freshFleet();
  client = await fleet.connect('shard1');
  await client.query(`
    CREATE SCHEMA t; SET search_path TO t;
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TABLE authors (id int PRIMARY KEY, name text);
    CREATE TABLE books (id int PRIMARY KEY, author int REFERENCES authors, title varchar(10), price numeric DEFAULT 1, CONSTRAINT priced CHECK (price > 0) NOT VALID);
    CREATE INDEX books_title ON books (title); CREATE UNIQUE INDEX books_price ON books (price);
    CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE parts_old PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE parts_new (id int, at date);
    CREATE VIEW titles AS SELECT id FROM books;
    CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM books; CREATE UNIQUE INDEX ON counts (n);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER noted BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE SCHEMA u;
    INSERT INTO authors VALUES (1, 'a'); INSERT INTO books VALUES (1, 1, 'b', 1)`);
});

afterAll(() => fleet.close());

interface Seen {
  readonly locks: ReadonlyMap<string, number>;
  readonly rewritten: boolean;
}

/** What the statement really locked of the relations that were there, and whether a file of theirs was replaced. */
async function seen(sql: string): Promise<Seen> {
  const files = `SELECT oid::text, relname, relfilenode::text AS file FROM pg_class WHERE relnamespace = 't'::regnamespace`;
  const before = (await client.query<{ oid: string; relname: string; file: string }>(files)).rows;
  const names = new Map(before.map(({ oid, relname }) => [oid, relname]));
  await client.query('BEGIN');
  try {
    await client.query(sql);
    const held = await client.query<{ oid: string; mode: string }>(
      `SELECT relation::text AS oid, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'`,
    );
    const after = new Map(
      (await client.query<{ oid: string; file: string }>(files)).rows.map(({ oid, file }) => [oid, file]),
    );
    const locks = new Map<string, number>();
    for (const { oid, mode } of held.rows) {
      const name = names.get(oid);
      const at = LOCK_MODES.findIndex((one) => `${one.replaceAll(' ', '')}LOCK` === mode.toUpperCase());
      if (name !== undefined) locks.set(name, Math.max(at, locks.get(name) ?? -1));
    }
    return { locks, rewritten: before.some(({ oid, file }) => (after.get(oid) ?? file) !== file) };
  } finally {
    await client.query('ROLLBACK');
  }
}

const STATEMENTS = [
  'CREATE TABLE sales (id int, book int REFERENCES books (id), LIKE authors INCLUDING ALL EXCLUDING INDEXES)'.replace(
    'id int, ',
    '',
  ),
  `CREATE TABLE parts_next PARTITION OF parts FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')`,
  'CREATE INDEX ON books (author)',
  'CREATE VIEW names AS SELECT name FROM authors',
  'CREATE OR REPLACE VIEW titles AS SELECT id, 1 AS one FROM books',
  'CREATE TABLE copied AS SELECT * FROM books',
  "CREATE TYPE mood AS ENUM ('sad')",
  'DROP TABLE books CASCADE',
  'DROP VIEW titles',
  'DROP INDEX books_title',
  'DROP TRIGGER noted ON books',
  'TRUNCATE books',
  'ALTER TABLE books ADD COLUMN isbn text',
  "ALTER TABLE books ADD COLUMN isbn text NOT NULL DEFAULT 'none'",
  'ALTER TABLE books ADD COLUMN at timestamptz DEFAULT now()',
  'ALTER TABLE books ADD COLUMN at timestamptz DEFAULT clock_timestamp()',
  'ALTER TABLE books ADD COLUMN n serial',
  'ALTER TABLE books ADD COLUMN n int GENERATED ALWAYS AS IDENTITY',
  'ALTER TABLE books ADD COLUMN n int GENERATED ALWAYS AS (id + 1) STORED',
  'ALTER TABLE books ADD COLUMN n positive DEFAULT 1',
  'ALTER TABLE books ADD COLUMN other int REFERENCES authors',
  'ALTER TABLE books DROP COLUMN price',
  'ALTER TABLE books DROP COLUMN author',
  'ALTER TABLE books ALTER COLUMN title TYPE text',
  'ALTER TABLE books ALTER COLUMN author TYPE bigint',
  'ALTER TABLE books ALTER COLUMN price SET NOT NULL, ALTER COLUMN price DROP DEFAULT',
  'ALTER TABLE books ALTER COLUMN price SET STATISTICS 10',
  'ALTER TABLE books ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES authors NOT VALID',
  'ALTER TABLE books ADD CONSTRAINT ck CHECK (id > 0) NOT VALID',
  'ALTER TABLE books ADD UNIQUE (title)',
  'ALTER TABLE books ADD CONSTRAINT uq UNIQUE USING INDEX books_price',
  'ALTER TABLE books VALIDATE CONSTRAINT priced',
  'ALTER TABLE books DROP CONSTRAINT books_author_fkey',
  'ALTER TABLE books SET (fillfactor = 70)',
  'ALTER TABLE books SET (user_catalog_table = true)',
  'ALTER TABLE books DISABLE TRIGGER noted',
  'ALTER TABLE books SET UNLOGGED',
  'ALTER TABLE books ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE books RENAME COLUMN title TO name',
  'ALTER TABLE books RENAME TO tomes',
  'ALTER INDEX books_title RENAME TO books_name',
  'ALTER TABLE books SET SCHEMA u',
  `ALTER TABLE parts ATTACH PARTITION parts_new FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')`,
  'ALTER TABLE parts DETACH PARTITION parts_old',
  'CREATE TRIGGER again BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION nothing()',
  'CREATE POLICY mine ON books USING (true)',
  "COMMENT ON TABLE books IS 'x'",
  "COMMENT ON COLUMN books.title IS 'x'",
  'CREATE STATISTICS st ON id, price FROM books',
  'REFRESH MATERIALIZED VIEW counts',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY counts',
  'LOCK TABLE books IN SHARE ROW EXCLUSIVE MODE',
  'ANALYZE books',
  'SELECT * FROM books FOR UPDATE',
  'INSERT INTO books (id, price) SELECT 7, 7 + count(*) FROM authors',
  'WITH known AS (SELECT id FROM authors) UPDATE books SET price = 2 WHERE author IN (SELECT id FROM known)',
  'DELETE FROM books',
  'DO $$ BEGIN DELETE FROM t.books; END $$',
] as const;

test.each(STATEMENTS)('what PostgreSQL locks and rewrites is what the text tells: %s', async (sql) => {
  const parsed = await parseSql({ text: sql, file: '', line: null });
  const impact = together(parsed.map(({ node }) => impactOf(node)));
  const real = await seen(sql);
  for (const { relation, mode } of impact.locks)
    expect({ relation, mode: LOCK_MODES[real.locks.get(relation) ?? -1] }).toEqual({ relation, mode });
  const strong = LOCK_MODES.indexOf('SHARE UPDATE EXCLUSIVE');
  const tables = new Set(['authors', 'books', 'parts', 'parts_old', 'parts_new', 'titles', 'counts']);
  const untold = [...real.locks].filter(
    ([name, at]) =>
      at >= strong && tables.has(name) && !impact.locks.some(({ relation }) => relation === name),
  );
  if (impact.others === 'none') expect(untold).toEqual([]);
  if (impact.rewrites !== 'unknown') expect(impact.rewrites).toBe(real.rewritten ? 'yes' : 'no');
});

test('only what the text cannot tell is unknown', async () => {
  const unknown = [];
  for (const sql of STATEMENTS) {
    const [statement] = await parseSql({ text: sql, file: '', line: null });
    if (statement !== undefined && impactOf(statement.node).rewrites === 'unknown') unknown.push(sql);
  }
  expect(unknown).toEqual([
    'ALTER TABLE books ADD COLUMN n positive DEFAULT 1',
    'ALTER TABLE books ALTER COLUMN title TYPE text',
    'ALTER TABLE books ALTER COLUMN author TYPE bigint',
    'ALTER TABLE books SET UNLOGGED',
    'DO $$ BEGIN DELETE FROM t.books; END $$',
  ]);
});

import { expect, test } from '@jest/globals';
import { alteredRelations } from '../../../src/migrations/sql/altered-relations.js';
import type { MigrationBody } from '../../../src/migrations/migration.js';

const body = (...sql: string[]): MigrationBody => ({
  kind: 'static',
  statements: sql.map((text) => ({ sql: text, line: 1 })),
});

test.each([
  ['ALTER TABLE books ADD COLUMN isbn text', ['books']],
  ['ALTER TABLE "Books" ADD COLUMN isbn text', ['Books']],
  ['ALTER TABLE IF EXISTS books DROP COLUMN title', ['books']],
  ['ALTER TABLE books RENAME TO tomes', ['books']],
  ['ALTER TABLE books RENAME title TO name', ['books']],
  ['ALTER VIEW sold RENAME TO gone', ['sold']],
  ['ALTER TABLE books SET SCHEMA attic', ['books']],
  ['DROP TABLE books, authors', ['books', 'authors']],
  ['DROP VIEW sold', ['sold']],
  ['ALTER VIEW sold RENAME COLUMN n TO m', ['sold']],
  ['ALTER MATERIALIZED VIEW sold SET SCHEMA attic', ['sold']],
  ['CREATE OR REPLACE VIEW sold AS SELECT 1 AS n', ['sold']],
  // They lock it less, or are about something else.
  ['ALTER TABLE books ADD FOREIGN KEY (author) REFERENCES authors', []],
  ['ALTER TABLE books ALTER title SET STATISTICS 9', []],
  ['ALTER TABLE books ADD CHECK (id > 0)', []],
  ['ALTER TABLE books OWNER TO someone, SET (fillfactor = 50)', []],
  ['ALTER TABLE books ADD CHECK (id > 0), DROP COLUMN title', ['books']],
  ['ALTER TABLE books ALTER title DROP NOT NULL', ['books']],
  // A veneer need not copy a default.
  ['ALTER TABLE books ALTER title SET DEFAULT 1', []],
  ['ALTER TABLE books VALIDATE CONSTRAINT sane', []],
  ['CREATE TABLE books (id int)', []],
  ['CREATE INDEX ON books (title)', []],
  ['DROP INDEX by_title', []],
  ['ALTER INDEX by_title SET (fillfactor = 50)', []],
  ["ALTER TYPE mood ADD VALUE 'drop'", []],
  ['ALTER TYPE pair ADD ATTRIBUTE c int', []],
  ['ALTER TYPE pair RENAME ATTRIBUTE a TO b', []],
  ['ALTER TABLE books RENAME CONSTRAINT sane TO odd', []],
  ['ALTER SEQUENCE numbers RENAME TO counts', []],
  ['DROP TYPE mood', []],
  ['DROP FUNCTION one', []],
  ['DROP TRIGGER noted ON books', []],
  ['DROP SEQUENCE numbers', []],
  [`INSERT INTO books VALUES (1, 'ALTER TABLE books DROP title')`, []],
  [`DO 'BEGIN ALTER TABLE books DROP title; END'`, []],
  // Of a schema that is not the tenant's.
  ['ALTER TABLE shared.books DROP COLUMN title', []],
])('%s', async (sql, relations) => {
  expect(await alteredRelations(body(sql))).toEqual(relations);
});

test('what it makes itself nobody reads', async () => {
  const statements = [
    'CREATE TABLE a (x int)',
    'ALTER TABLE a ADD y int',
    'ALTER TABLE b ADD y int',
    'DROP TABLE a',
  ];
  expect(await alteredRelations(body(...statements))).toEqual(['b']);
  expect(await alteredRelations(body('DROP TABLE a', 'CREATE TABLE a (x int)'))).toEqual(['a']);
});

test('nothing of which a type changes: its views come first', async () => {
  expect(
    await alteredRelations(body('ALTER TABLE a ALTER x TYPE bigint, ADD y int', 'ALTER TABLE b ADD y int')),
  ).toEqual(['b']);
  expect(
    await alteredRelations(body('ALTER TABLE a ADD y int', 'ALTER TABLE a ALTER x TYPE bigint')),
  ).toEqual([]);
});

test('each once, of all statements; none of what is built for each tenant', async () => {
  const statements = ['ALTER TABLE a DROP x', 'ALTER TABLE b DROP x', 'ALTER TABLE a DROP y'];
  expect(await alteredRelations(body(...statements))).toEqual(['a', 'b']);
  expect(await alteredRelations({ kind: 'dynamic', build: async () => [] })).toEqual([]);
});

test('what is not understood, or too long to be read, tells nothing', async () => {
  expect(await alteredRelations(body('ALTER TABLE a DROP x', 'ALTER TABLE b BY MAGIC'))).toEqual(['a']);
  expect(await alteredRelations(body(`ALTER TABLE a DROP x /* ${'x'.repeat(2_100_000)} */`))).toEqual([]);
});

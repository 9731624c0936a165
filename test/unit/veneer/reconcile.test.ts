import { expect, test } from '@jest/globals';
import type { Definition } from '../../../src/veneer/exposure/definition.js';
import type { ExposedRename } from '../../../src/veneer/tables/pair-tables.js';
import { reconcile, type Reconciliation } from '../../../src/veneer/tables/reconcile.js';
import { expression, definition, tableOf } from './builders.js';

const statements = (what: Partial<Reconciliation>): string[] =>
  reconcile({ wanted: [], present: [], renames: [], version: 180_000, ...what }).flatMap(
    (change) => change.statements,
  );

const renamed = (
  from: string,
  to: string,
  columns: Readonly<Record<string, string | null>> = {},
): ExposedRename => ({
  from: { schema: 't', name: from },
  to: { schema: 't', name: to },
  was: { schema: 't', name: from },
  columns: new Map(Object.entries(columns)),
});

const books = definition('books', ['id integer NOT NULL', 'title text']);
const authors = definition('authors', ['id integer']);

const present = (...definitions: readonly Definition[]) => definitions.map((one) => tableOf(one));

test('what is as it should be needs nothing', () => {
  expect(
    reconcile({ wanted: [books, authors], present: present(authors, books), renames: [], version: 180_000 }),
  ).toEqual([]);
});

test('a table is created as IMPORT FOREIGN SCHEMA would', () => {
  const column = {
    name: 'sum',
    type: 'text',
    notNull: true,
    collation: { schema: 'pg_catalog', name: 'C' },
    generated: expression('(1)::text'),
    default: null,
    userType: null,
  };
  expect(
    statements({
      wanted: [definition(`o'b"x`, [], { columns: [column], remote: { schema: `O'B`, name: 'r' } })],
    }),
  ).toEqual([
    `CREATE FOREIGN TABLE "t"."o'b""x" ("sum" text OPTIONS (column_name 'sum') COLLATE "pg_catalog"."C" GENERATED ALWAYS AS ((1)::text) STORED NOT NULL)` +
      ` SERVER "s" OPTIONS (schema_name 'O''B', table_name 'r')`,
  ]);
});

test('drops come first, creates last', () => {
  const kinds = reconcile({
    wanted: [books, definition('books', ['id text'], { name: 'new' })],
    present: present(authors, definition('books', [])),
    renames: [],
    version: 180_000,
  });
  expect(kinds.map(({ kind }) => kind)).toEqual(['drop', 'alter', 'create']);
});

test('a renamed table is renamed, and shows the new relation', () => {
  const works = definition('works', ['id integer NOT NULL', 'title text']);
  expect(
    statements({ wanted: [works], present: present(books), renames: [renamed('books', 'works')] }),
  ).toEqual([
    'ALTER FOREIGN TABLE "t"."books" RENAME TO "works"',
    `ALTER FOREIGN TABLE "t"."works" OPTIONS (SET table_name 'works')`,
  ]);
});

test('without knowing of the rename it is a drop and a create', () => {
  const works = definition('works', ['id integer NOT NULL']);
  expect(
    reconcile({ wanted: [works], present: present(books), renames: [], version: 180_000 }).map(
      ({ kind }) => kind,
    ),
  ).toEqual(['drop', 'create']);
});

test('two tables that swap names step aside first', () => {
  const [a, b] = [definition('a', ['x text']), definition('b', ['y text'])];
  const [newA, newB] = [definition('a', ['y text']), definition('b', ['x text'])];
  const moves = statements({
    wanted: [newA, newB],
    present: present(a, b),
    renames: [renamed('a', 'b'), renamed('b', 'a')],
  });
  expect(moves.slice(0, 4)).toEqual([
    'ALTER FOREIGN TABLE "t"."a" RENAME TO "pgveneer_oid of a"',
    'ALTER FOREIGN TABLE "t"."b" RENAME TO "pgveneer_oid of b"',
    'ALTER FOREIGN TABLE "t"."pgveneer_oid of a" RENAME TO "b"',
    'ALTER FOREIGN TABLE "t"."pgveneer_oid of b" RENAME TO "a"',
  ]);
});

test('a table that takes the name of a dropped one is renamed after the drop', () => {
  const draft = definition('draft', ['id integer']);
  expect(
    statements({
      wanted: [definition('books', ['id integer'])],
      present: present(books, draft),
      renames: [renamed('draft', 'books')],
    }).slice(0, 2),
  ).toEqual(['DROP FOREIGN TABLE "t"."books"', 'ALTER FOREIGN TABLE "t"."draft" RENAME TO "books"']);
});

test('a table that moves to another schema of the veneer is set there, under its new name', () => {
  const moved = definition('works', ['id integer NOT NULL', 'title text'], { schema: 'u' });
  expect(
    statements({ wanted: [moved], present: present(books), renames: [renamed('books', 'works')] }).slice(
      0,
      2,
    ),
  ).toEqual([
    'ALTER FOREIGN TABLE "t"."books" RENAME TO "works"',
    'ALTER FOREIGN TABLE "t"."works" SET SCHEMA "u"',
  ]);
});

test('options that somebody set by hand stay; schema_name and table_name are added where they are missing', () => {
  const table = { ...tableOf(books), options: { fetch_size: '9', table_name: 'other' } };
  expect(statements({ wanted: [books], present: [table] })).toEqual([
    `ALTER FOREIGN TABLE "t"."books" OPTIONS (ADD schema_name 't', SET table_name 'books')`,
  ]);
});

test('a table of another server under the same name is not taken for ours', () => {
  const table = { ...tableOf(books), server: 'another' };
  expect(
    reconcile({ wanted: [books], present: [table], renames: [], version: 180_000 }).map(({ kind }) => kind),
  ).toEqual(['drop', 'create']);
});

import { expect, test } from '@jest/globals';
import { parseUnion } from '../../../src/catalog/unions/union-query.js';
import type { PresentUnion } from '../../../src/catalog/unions/read-unions.js';
import type { ForeignColumn } from '../../../src/catalog/relations/relation.js';
import { isInLine, isReplaceable, shapeOf, unionSql, wantedUnions } from '../../../src/veneer/unions.js';
import { nameKey } from '../../../src/postgres/identifiers.js';
import type { Exposure } from '../../../src/veneer/exposure/exposure.js';

const exposure = (shard: string, tenants: readonly string[]): Exposure => ({
  rules: [
    { from: '{schema}.secret', as: '{tenant}.secret', except: [], partition: null, union: null },
    { from: '{schema}.{table}', as: '{tenant}.{table}', except: [], partition: null, union: 'all.{table}' },
  ],
  shard,
  server: `${shard}_server`,
  tenants: new Map(
    tenants.map((name) => [name, { name, shard, schema: name, database: null, role: null } as never]),
  ),
});

const table = (server: string, schema: string, name: string) => ({
  table: { schema, name },
  remote: { schema, name },
  server: `${server}_server`,
});

test('a union has a branch for each table that its rule shows of a tenant, wherever it is', () => {
  const exposures = [exposure('one', ['b', 'a']), exposure('two', ['c'])];
  const tables = [
    table('two', 'c', 'books'),
    table('one', 'b', 'books'),
    table('one', 'a', 'books'),
    table('one', 'a', 'secret'),
    table('one', 'gone', 'books'),
    { ...table('one', 'a', 'books'), table: { schema: 'mine', name: 'books' } },
    table('other', 'c', 'books'),
  ];
  expect(wantedUnions(exposures, tables)).toEqual([
    {
      name: { schema: 'all', name: 'books' },
      branches: ['a', 'b', 'c'].map((tenant) => ({ tenant, table: { schema: tenant, name: 'books' } })),
    },
  ]);
});

const column = (name: string, type: string, more: Partial<ForeignColumn> = {}): ForeignColumn =>
  ({ name, type, userType: null, collation: null, ...more }) as ForeignColumn;

const own = { userType: { oid: '1', schema: 'x', name: 'mood', suffix: '', extension: null } };
const citext = { userType: { oid: '2', schema: 'x', name: 'citext', suffix: '', extension: 'citext' } };

/** The columns of a view over two tables, with their types. */
function columnsOver(
  first: readonly ForeignColumn[],
  second: readonly ForeignColumn[],
  order: readonly string[] = [],
): string[] {
  const union = {
    name: { schema: 'all', name: 't' },
    branches: ['a', 'b'].map((tenant) => ({ tenant, table: { schema: tenant, name: 't' } })),
  };
  const tables = new Map([
    [nameKey({ schema: 'a', name: 't' }), { columns: first }],
    [nameKey({ schema: 'b', name: 't' }), { columns: second }],
  ]);
  const { columns } = shapeOf(union, tables as never, order);
  return columns.map(({ name, type }) => `${name} ${type}`);
}

test.each([
  ['one type in all', column('c', 'date'), column('c', 'date'), ['c date']],
  ['numbers: PostgreSQL decides', column('c', 'integer'), column('c', 'numeric(5,2)'), ['c null']],
  [
    'lengths: PostgreSQL decides',
    column('c', 'character varying(5)'),
    column('c', 'character varying(9)'),
    ['c null'],
  ],
  ['texts', column('c', 'text'), column('c', 'character varying(9)'), ['c null']],
  ['a number and a text', column('c', 'integer'), column('c', 'text'), []],
  [
    'times that a cast would move',
    column('c', 'timestamp without time zone'),
    column('c', 'timestamp with time zone'),
    [],
  ],
  ['types of their own', column('c', 'a.mood', own), column('c', 'b.mood', own), ['c text']],
  ['a type of its own and a text', column('c', 'a.mood', own), column('c', 'text'), []],
  [
    'a type of an extension',
    column('c', 'x.citext', citext),
    column('c', 'x.citext', citext),
    ['c x.citext'],
  ],
  ['collations', column('c', 'text'), column('c', 'text', { collation: { schema: 'x', name: 'C' } }), []],
  ['a name that only one has', column('c', 'text'), column('d', 'text'), []],
  ['the column that says whose a row is', column('tenant', 'text'), column('tenant', 'text'), []],
])('a column of %s', (_, first, second, expected) => {
  expect(columnsOver([first], [second])).toEqual(['tenant text', ...expected]);
});

test('columns stay where the view had them, and new ones follow', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => column(name, 'text'));
  expect(columnsOver([a!, b!, c!], [c!, b!, a!], ['tenant', 'b', 'gone'])).toEqual([
    'tenant text',
    'b text',
    'a text',
    'c text',
  ]);
});

const QUERY = [
  {
    tenant: `a'"\\`,
    table: { schema: 'A.b', name: 'x"y' },
    columns: [
      { name: 'Ü b', asText: false },
      { name: 'm', asText: true },
    ],
  },
  {
    tenant: '',
    table: { schema: 's', name: 't' },
    columns: [
      { name: 'Ü b', asText: false },
      { name: 'm', asText: true },
    ],
  },
];
const shape = { query: QUERY, columns: [{ name: 'tenant', type: 'text' }] };

test('what is written is read again, whatever the names are', async () => {
  expect(await parseUnion(`${unionSql(shape)};`)).toEqual(QUERY);
});

test.each([
  ['a WHERE', `SELECT 'a'::text AS tenant, t.id FROM a.t t WHERE t.id > 1`],
  ['a join', `SELECT 'a'::text AS tenant, t.id FROM a.t t, a.u`],
  ['an expression', `SELECT 'a'::text AS tenant, t.id + 1 AS id FROM a.t t`],
  ['another name', `SELECT 'a'::text AS tenant, t.id AS number FROM a.t t`],
  ['another cast', `SELECT 'a'::text AS tenant, t.id::bigint AS id FROM a.t t`],
  ['no tenant', `SELECT t.id FROM a.t t`],
  ['another first column', `SELECT 'a'::text AS customer, t.id FROM a.t t`],
  [
    'UNION without ALL',
    `SELECT 'a'::text AS tenant FROM a.t t\nUNION\n SELECT 'b'::text AS tenant FROM b.t t`,
  ],
  ['ONLY', `SELECT 'a'::text AS tenant FROM ONLY a.t t`],
  ['LIMIT', `SELECT 'a'::text AS tenant FROM a.t t LIMIT 5`],
  ['DISTINCT', `SELECT DISTINCT 'a'::text AS tenant FROM a.t t`],
  ['a query of queries', `WITH x AS (SELECT 1) SELECT 'a'::text AS tenant FROM a.t t`],
])('a query with %s is somebody’s own', async (_, sql) => {
  expect(await parseUnion(sql)).toBeNull();
});

const present = (columns: PresentUnion['columns'], more: Partial<PresentUnion> = {}): PresentUnion => ({
  schema: 'all',
  name: 't',
  oid: '1',
  kind: 'v',
  isInvoker: true,
  columns,
  query: QUERY,
  ...more,
});

test('a view is in line with its branches in any order, and not without security_invoker', () => {
  expect(isInLine(present([], { query: QUERY.toReversed() }), shape)).toBe(true);
  expect(isInLine(present([], { query: QUERY.slice(1) }), shape)).toBe(false);
  expect(isInLine(present([], { query: null }), shape)).toBe(false);
  expect(isInLine(present([], { isInvoker: false }), shape)).toBe(false);
});

test('a view is replaced in place where columns are only appended', () => {
  const of = (...columns: [string, string | null][]) => columns.map(([name, type]) => ({ name, type }));
  const was = present([
    { name: 'tenant', type: 'text' },
    { name: 'a', type: 'integer' },
  ]);
  const may = (...columns: [string, string | null][]) =>
    isReplaceable(was, { query: [], columns: of(['tenant', 'text'], ...columns) });
  expect(may(['a', 'integer'], ['b', 'text'])).toBe(true);
  expect(may()).toBe(false);
  expect(may(['a', 'bigint'])).toBe(false);
  expect(may(['a', null])).toBe(false);
  expect(may(['b', 'integer'], ['a', 'integer'])).toBe(false);
});

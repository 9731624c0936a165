import { expect, test } from '@jest/globals';
import type { Relation } from '../../../src/catalog/relations/relation.js';
import { findRenames, type NamedColumns } from '../../../src/catalog/relations/renames.js';

const was = (oid: string, name: string, columns: Readonly<Record<string, string>> = {}): NamedColumns => ({
  oid,
  schema: 't',
  name,
  columns: Object.entries(columns).map(([attnum, column]) => ({ attnum: Number(attnum), name: column })),
});

const now = (oid: string, name: string, columns: Readonly<Record<string, string>> = {}): Relation => ({
  oid,
  schema: 't',
  name,
  isPartition: false,
  kind: 'r',
  filenode: '0',
  insertable: true,
  columns: Object.entries(columns).map(([attnum, column]) => ({
    attnum: Number(attnum),
    name: column,
    type: 'text',
    collation: null,
    notNull: false,
    generated: null,
    default: null,
    hasDefault: false,
    computed: null,
    userType: null,
  })),
});

const columnsOf = (before: NamedColumns, after: Relation): unknown => [
  ...(findRenames([before], [after])[0]?.columns ?? []),
];

test('what kept its names is no rename, nor is what is new or gone', () => {
  expect(
    findRenames(
      [was('1', 'a', { 1: 'x' }), was('2', 'b')],
      [now('1', 'a', { 1: 'x', 2: 'y' }), now('3', 'b')],
    ),
  ).toEqual([]);
});

test('a relation is followed by its oid, through a swap as well', () => {
  const renames = findRenames([was('1', 'a'), was('2', 'b')], [now('1', 'b'), now('2', 'a')]);
  expect(renames.map(({ from, to }) => [from.name, to.name])).toEqual([['a', 'b'], ['b', 'a']]); // prettier-ignore
});

test('a relation that moved to another schema', () => {
  expect(findRenames([was('1', 'a')], [{ ...now('1', 'a'), schema: 'u' }])).toMatchObject([
    { to: { schema: 'u' } },
  ]);
});

test('columns are followed by their numbers', () => {
  expect(
    columnsOf(was('1', 'a', { 1: 'x', 2: 'y', 3: 'z' }), now('1', 'a', { 1: 'y', 2: 'x', 3: 'z' })),
  ).toEqual([
    ['x', 'y'],
    ['y', 'x'],
  ]);
});

test('a dropped column is told apart from one that took its name', () => {
  expect(columnsOf(was('1', 'a', { 1: 'x', 2: 'y' }), now('1', 'a', { 2: 'x' }))).toEqual([
    ['x', null],
    ['y', 'x'],
  ]);
  expect(columnsOf(was('1', 'a', { 1: 'x' }), now('1', 'a', { 5: 'x' }))).toEqual([['x', null]]);
});

import { expect, test } from '@jest/globals';
import { inOrder, mentions, type CopyItem } from '../../../src/catalog/copy/shape-copy.js';

test.each([
  ['SELECT 1 FROM cyberdyne.books', 'cyberdyne', true],
  ['SET search_path TO "CyberDyne"', 'cyberdyne', true],
  ['SELECT * FROM cyberdyne_books, my_cyberdyne, cyberdynes', 'cyberdyne', false],
  [`nextval('"O''Brien ""x""".s')`, `O'Brien "x"`, true],
  [`'"a""b"'`, 'a"b', true],
  ['a.c', 'a.b', false],
  ['a+b', 'a+b', true],
  [String.raw`E'a\\b'`, String.raw`a\b`, true],
])('mentions: in %s, %s is a word: %s', (text, name, is) => {
  expect(mentions(text, name)).toBe(is);
});

const item = (key: string, rank: number): CopyItem => ({ key, rank, oid: '1', object: key, sql: [] });

test('an item comes after what it needs, else in the order of ranks; a circle is told', () => {
  const items = [item('view', 9), item('table', 3), item('function', 2)];
  const order = (edges: readonly [string, string][]) => {
    const sorted = inOrder(items, edges.map(([key, needs]) => ({ key, needs }))); // prettier-ignore
    return [sorted.items.map(({ key }) => key), sorted.cyclic];
  };
  expect(order([])).toEqual([['function', 'table', 'view'], []]);
  expect(order([['function', 'view'], ['view', 'table'], ['table', 'of another schema']])).toEqual([['table', 'view', 'function'], []]); // prettier-ignore
  expect(order([['table', 'function'], ['function', 'table']])[1]).toEqual(['function']); // prettier-ignore
});

import { expect, test } from '@jest/globals';
import { excerpt, locate } from '../../../src/migrations/sql/locate.js';

const SQL = "select '😀é',\r\n  x\nfrom y";

test.each([
  ['the first character', 1, { line: 5, column: 9 }],
  ['behind characters of several bytes', 13, { line: 5, column: 21 }],
  ['the second line', 16, { line: 6, column: 3 }],
  ['the third line', 18, { line: 7, column: 1 }],
])('locate: %s', (_, position, place) => {
  expect(locate({ sql: SQL.replace('\r', ''), line: 5, column: 9 }, position)).toEqual(place);
});

test('a carriage return is a character of the line that it ends', () => {
  expect(locate({ sql: SQL, line: 5 }, 17)).toEqual({ line: 6, column: 3 });
});

test('what a builder made has no place in a file', () => {
  expect(locate({ sql: SQL, line: null }, 5)).toBeNull();
});

test.each([
  ['with the line of the file', { sql: 'select 1,\n\tx', line: 7 }, 12, '8 |  x\n     ^'],
  ['without one', { sql: 'select x', line: null }, 8, '| select x\n         ^'],
  ['at the end', { sql: 'select', line: 1 }, 7, '1 | select\n          ^'],
])('excerpt: %s', (_, statement, position, expected) => {
  expect(excerpt(statement, position)).toBe(expected);
});

test('a long line is cut around the position', () => {
  const sql = `select ${'a, '.repeat(100)}X, ${'b, '.repeat(100)}1`;
  const [line = '', caret = ''] = excerpt({ sql, line: 1 }, sql.indexOf('X') + 1).split('\n');
  expect(line.length).toBeLessThan(120);
  expect(line[caret.indexOf('^')]).toBe('X');
});

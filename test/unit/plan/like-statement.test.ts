import { expect, test } from '@jest/globals';
import { isLike, unlike } from '../../../src/commands/pin/like-statement.js';

const ALTER = 'ALTER FOREIGN TABLE "acme"."books" ADD COLUMN "isbn" text OPTIONS (column_name \'isbn\')';

test.each([
  ['itself', ALTER, [], true],
  ['of another tenant', ALTER.replace('acme', 'umbrella'), [['acme', 'umbrella']], true],
  ['of a third one', ALTER.replace('acme', 'initech'), [['acme', 'umbrella']], false],
  ['of another column', ALTER.replace('"isbn"', '"ean"'), [['acme', 'umbrella']], false],
  ['of another type', ALTER.replace(' text ', ' int '), [['acme', 'umbrella']], false],
  ['with one statement more in it', `${ALTER}; SELECT 1`, [], false],
] as const)('a statement %s: %#', (_, actual, pairs, like) => {
  expect(isLike(ALTER, actual, pairs)).toBe(like);
});

test('a tenant may be called like its table: each name stands for itself in its place', () => {
  const own = 'CREATE FOREIGN TABLE "books"."books" (id int)';
  expect(isLike(own, 'CREATE FOREIGN TABLE "acme"."books" (id int)', [['books', 'acme']])).toBe(true);
  expect(isLike(own, 'CREATE FOREIGN TABLE "acme"."pages" (id int)', [['books', 'acme']])).toBe(false);
});

test('names that a step uses for a moment hold an oid', () => {
  expect(
    isLike('ALTER TABLE "a" RENAME TO "pgveneer_123"', 'ALTER TABLE "a" RENAME TO "pgveneer_9"', []),
  ).toBe(true);
});

test('each statement is a counterpart once', () => {
  expect(unlike(['a', 'a', 'b'], ['a', 'c'], [])).toEqual({ more: ['c'], less: ['a', 'b'] });
  expect(unlike(['a'], ['a', 'a'], [])).toEqual({ more: ['a'], less: [] });
});

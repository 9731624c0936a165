import { expect, test } from '@jest/globals';
import { typedName } from '../../../src/report/why/why-names.js';

const relations = (text: string): string[] =>
  typedName(text).relations.map(({ schema, name }) => `${schema}|${name}`);

test.each([
  ['a.b', ['a|b']],
  ['A.b', ['A|b', 'a|b']],
  ['"A".B', ['A|B', 'A|b', '"A"|B']],
  ['"a.b".c', ['a.b|c', '"a|b".c', '"a.b"|c']],
  ['"a""b"."c d"', ['a"b|c d', '"a""b"|"c d"']],
  [`O'Brien "x".books`, [`O'Brien "x"|books`]],
  ['a.b.c', ['a|b.c', 'a.b|c']],
  ['books', []],
  ['"a', []],
  ['', []],
])('%s may be %j', (text, expected) => expect(relations(text)).toEqual(expected));

test.each([
  ['Acme', ['Acme', 'acme']],
  ['"Acme"', ['"Acme"', 'Acme']],
  ['a.b', ['a.b']],
])('%s may be one of the tenants %j', (text, expected) => expect(typedName(text).tenants).toEqual(expected));

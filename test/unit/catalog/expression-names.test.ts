import { expect, test } from '@jest/globals';
import { quoteNames, renameInExpression } from '../../../src/catalog/expression-names.js';
import { nameKey } from '../../../src/postgres/identifiers.js';

const NAMES = new Map([
  [nameKey({ schema: 't', name: 'mood' }), { schema: 'v', name: 'Mood' }],
  [nameKey({ schema: 'O"k', name: 'a.b' }), { schema: 'v', name: 'ab' }],
]);

test.each([
  [`(VALUE <> 'b'::t.mood)`, `(VALUE <> 'b'::"v"."Mood")`],
  [`'t.mood'::text`, `'t.mood'::text`],
  [`'it''s t.mood'::t.mood`, `'it''s t.mood'::"v"."Mood"`],
  [`'x'::"O""k"."a.b"`, `'x'::"v"."ab"`],
  ['((VALUE).mood > 1.5)', '((VALUE).mood > 1.5)'],
  ['(VALUE OPERATOR(t.=) 1)', '(VALUE OPERATOR(t.=) 1)'],
  ['t.moody(VALUE)', 't.moody(VALUE)'],
])('%s names types as %s', (expression, expected) => {
  expect(renameInExpression(expression, NAMES)).toBe(expected);
});

test('a name is the same with quotes and without', () => {
  expect(quoteNames(`'a.b'::t.mood`)).toBe(`'a.b'::"t"."mood"`);
  expect(quoteNames(`'a.b'::"t"."mood"`)).toBe(`'a.b'::"t"."mood"`);
});

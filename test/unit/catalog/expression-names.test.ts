import { expect, test } from '@jest/globals';
import { renameInExpression } from '../../../src/catalog/expressions/expression-names.js';
import { readExpressions } from '../../../src/catalog/expressions/expression.js';
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
])('%s names types as %s', async (sql, expected) => {
  const known = await readExpressions([sql, expected]);
  const renamed = renameInExpression(known.get(sql)!, NAMES);
  expect(renamed).toMatchObject({ sql: expected, key: known.get(expected)?.key });
});

test('what could not be parsed is compared by its text', () => {
  const sql = `VALUE <=>> 'b'::t.mood (`;
  const renamed = `VALUE <=>> 'b'::"v"."Mood" (`;
  expect(renameInExpression({ sql, key: sql }, NAMES)).toEqual({ sql: renamed, key: renamed });
});

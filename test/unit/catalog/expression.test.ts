import { expect, test } from '@jest/globals';
import type { QualifiedName } from '../../../src/postgres/identifiers.js';
import {
  asDefault,
  columnsIn,
  keyAfterRenames,
  readExpressions,
} from '../../../src/catalog/expressions/expression.js';

const read = async (sql: string) => (await readExpressions([sql])).get(sql)!;
const ofType = async (sql: string, own: QualifiedName | null) => asDefault(await read(sql), own);
const copiedSince = async (sql: string) => (await ofType(sql, null)).copiedSince;

test.each([
  "'abc'::character varying",
  "'-1'::integer",
  '1.50',
  'true',
  '(- 1)',
  "'{}'::text[]",
  "ARRAY['a'::text, 'b'::text]",
  "'2026-01-01 00:00:00+00'::timestamp with time zone",
  "(('now'::text)::date)::timestamp without time zone",
  'now()',
  'transaction_timestamp()',
  'statement_timestamp()',
  'clock_timestamp()',
  'CURRENT_TIMESTAMP',
  'CURRENT_TIMESTAMP(3)',
  'CURRENT_DATE',
  'LOCALTIMESTAMP',
  '(now())::date',
  "(now() + '1 day'::interval)",
  "(now() AT TIME ZONE 'utc'::text)",
  "timezone('utc'::text, now())",
  'gen_random_uuid()',
  '(gen_random_uuid())::text',
])('%s may be evaluated on a veneer', async (sql) => {
  expect(await copiedSince(sql)).toBe(0);
});

test.each([
  ['CURRENT_USER', 'the role of the veneer, not the mapped user'],
  ['(CURRENT_USER)::text', 'the same below a cast'],
  ['SESSION_USER', 'the same'],
  ['USER', 'the same'],
  ['CURRENT_CATALOG', 'the database of the veneer'],
  ['current_schema()', 'the search_path of the veneer'],
  ["nextval('t.s'::regclass)", 'the sequence is on the shard'],
  ["'t.s'::regclass", 'an object of the shard'],
  ["('t.s'::regclass)::text", 'the same below a cast'],
  ["'(1)'::money", 'its text depends on lc_monetary'],
  ["current_setting('app.tenant'::text)", 'a setting of the session'],
  ['t.now()', 'a function of somebody'],
  ['random()', 'not on the list'],
  ['txid_current()', 'the transaction of the veneer'],
  ['inet_client_addr()', 'the connection'],
  ["'a'::t.mood", 'a type that may mean something else on the veneer'],
  ["(now() OPERATOR(t.+) '1 day'::interval)", 'an operator of somebody'],
  ['(\'a\'::text COLLATE "C")', 'not on the list'],
  ["concat('a'::text, CURRENT_USER)", 'not on the list'],
  ['ARRAY[CURRENT_USER]', 'an element that is not'],
  ['(now() + t.delay())', 'an operand that is not'],
  ['NULL::text', 'is no default'],
  ['a bit of nonsense )', 'does not parse'],
  ["1, 'two'", 'is no single expression'],
])('%s is not copied: %s', async (sql) => {
  expect(await copiedSince(sql)).toBeNull();
});

const MOOD = { schema: 't', name: 'mood' };

test.each([
  ["'a'::t.mood", ['a']],
  ["ARRAY['a'::t.mood, 'it''s'::t.mood]", ['a', "it's"]],
  ["'{a}'::t.mood[]", ['{a}']],
  ["('a'::text)::t.mood", []],
  ["'a'::text", []],
])('%s of a column of that very type may be evaluated on a veneer', async (sql, labels) => {
  const { copiedSince: since, constants = [] } = await ofType(sql, MOOD);
  expect([since, constants]).toEqual([0, labels]);
});

test.each(["'a'::t.size", "'a'::s.mood", "('a'::t.size)::t.mood", "'a'::a.t.mood"])(
  '%s of a column of another type is not copied',
  async (sql) => {
    expect((await ofType(sql, MOOD)).copiedSince).toBeNull();
  },
);

test('uuidv7 is copied to veneers that have it', async () => {
  expect(await copiedSince('uuidv7()')).toBe(180_000);
  expect(await copiedSince('ARRAY[gen_random_uuid(), uuidv7()]')).toBe(180_000);
});

test.each([
  ["timezone('utc'::text, t)", "(t AT TIME ZONE 'utc'::text)"],
  ["date_part('year'::text, d)", 'EXTRACT(year FROM d)'],
  ["(1 + date_part('year'::text, d))", '(1 + EXTRACT(year FROM d))'],
  [
    "(date_part('year'::text, VALUE) > ((1900)::numeric)::double precision)",
    '(EXTRACT(year FROM VALUE) > (1900)::numeric)',
  ],
  [
    "((date_part('epoch'::text, VALUE) / ((60)::numeric)::double precision) < (100.5)::double precision)",
    '((EXTRACT(epoch FROM VALUE) / (60)::numeric) < 100.5)',
  ],
  [`("substring"(VALUE, 1, 2) <> 'xx'::text)`, "(SUBSTRING(VALUE FROM 1 FOR 2) <> 'xx'::text)"],
  [`("position"(VALUE, 'a'::text) = 0)`, "(POSITION(('a'::text) IN (VALUE)) = 0)"],
  ["(btrim(VALUE, 'x'::text) <> ''::text)", "(TRIM(BOTH 'x'::text FROM VALUE) <> ''::text)"],
  ["(\"overlay\"(VALUE, 'x'::text, 1) <> ''::text)", "(OVERLAY(VALUE PLACING 'x'::text FROM 1) <> ''::text)"],
  ['is_normalized(VALUE)', '(VALUE IS NORMALIZED)'],
])('%s of 13 and %s of 14 are one expression', async (old, young) => {
  expect((await read(old)).key).toBe((await read(young)).key);
});

test.each([
  ['1', '2'],
  ["'1'::integer", "'1'::bigint"],
  ['(a + b)', '(b + a)'],
  ['lower(a)', 'upper(a)'],
  ["timezone('utc'::text, t)", "timezone('cet'::text, t)"],
  ['t.f(a)', 'f(a)'],
  ['(a)::numeric', '(a)::double precision'],
  ['(EXTRACT(year FROM VALUE) > 1900)', '(EXTRACT(year FROM VALUE) > 1901)'],
  ['(EXTRACT(year FROM VALUE))::text', '(EXTRACT(year FROM VALUE))::integer'],
])('%s and %s are two', async (one, other) => {
  expect((await read(one)).key).not.toBe((await read(other)).key);
});

test('columns are found and renamed, also crosswise, and nothing else that looks like them', async () => {
  const before = await read(`((a || "we""ird \\x") || 'a'::text)`);
  const after = await read(`(("we""ird \\x" || a) || 'a'::text)`);
  const renames = new Map([
    ['a', 'we"ird \\x'],
    ['we"ird \\x', 'a'],
  ]);
  expect([...columnsIn(before)]).toEqual(['a', 'we"ird \\x']);
  expect(keyAfterRenames(before, renames)).toBe(after.key);
});

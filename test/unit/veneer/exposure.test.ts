import { expect, test } from '@jest/globals';
import type { ExposeRule, TenantConfig } from '../../../src/config/config.js';
import { isOurs } from '../../../src/veneer/exposure/definition.js';
import {
  exposedSchemas,
  isNamed,
  shownAs,
  sourceSchemas,
  verdictOn,
} from '../../../src/veneer/exposure/exposure.js';
import { definition, exposure, tableOf } from './builders.js';

const tenant: TenantConfig = { name: 'acme', shard: 's1', schema: 'data_acme' };

const rule = (from: string, as: string, except: readonly string[] = []): ExposeRule => ({
  from,
  as,
  except,
  partition: null,
  union: null,
});

const books = { schema: 'data_acme', name: 'books' };

const nameIn = (rules: readonly ExposeRule[], relation: { schema: string; name: string }): string | null => {
  const name = shownAs(exposure([tenant], rules), relation)?.name;
  return name === undefined ? null : `${name.schema}.${name.name}`;
};

test.each<[string, readonly ExposeRule[], { schema: string; name: string }, string | null]>([
  ['without rules: the schema is the tenant', [], books, 'acme.books'],
  ['a pattern', [rule('{schema}.{table}', 'all_of_{shard}.{tenant}_{table}')], books, 'all_of_s1.acme_books'],
  ['one table alone', [rule('{schema}.books', 'b.{tenant}')], books, 'b.acme'],
  ['another table', [rule('{schema}.books', 'b.{tenant}')], { ...books, name: 'authors' }, null],
  ['another schema', [rule('public.{table}', 'p.{table}')], books, null],
  [
    'the first match wins',
    [rule('{schema}.books', 'first.x'), rule('{schema}.{table}', 'second.{table}')],
    books,
    'first.x',
  ],
  [
    'an exception with the words of from',
    [rule('{schema}.{kind}_{year}', 'a.{kind}', ['{kind}_1*', '{tenant}_x'])],
    { ...books, name: 'log_1999' },
    null,
  ],
  [
    'a word of an exception is itself, also where it holds a *',
    [rule('{schema}.{kind}_x', 'a.{kind}', ['{shard}*', 'old_{kind}'])],
    { ...books, name: '*_x' },
    'a.*',
  ],
  [
    'an exception with a word that is not known excepts nothing',
    [rule('public.{table}', 'p.{table}', ['{tenant}*', '{table}_old'])],
    { schema: 'public', name: 'books' },
    'p.books',
  ],
  [
    'an exception ends the search',
    [rule('{schema}.{table}', 'a.{table}', ['b*']), rule('{schema}.{table}', 'b.{table}')],
    books,
    null,
  ],
  ['a dot in a name', [], { schema: 'data_acme', name: 'a.b' }, 'acme.a.b'],
])('%s', (_, rules, relation, expected) => {
  expect(nameIn(rules, relation)).toBe(expected);
});

test('a tenant whose name holds braces or dots is filled in once', () => {
  const odd = { ...tenant, name: '{table}.x' };
  expect(shownAs(exposure([odd]), books)?.name).toEqual({ schema: '{table}.x', name: 'books' });
});

test('the schemas of the veneer that a tenant appears in', () => {
  expect(exposedSchemas(exposure([tenant]))).toEqual(['acme']);
  const rules = [rule('a.b', '{shard}.{table}'), rule('c.d', 's1.x'), rule('e.f', 'g.h')];
  expect(exposedSchemas(exposure([tenant], rules))).toEqual(['s1', 'g']);
});

test('ours is what shows a relation under the name that its rule gives it', () => {
  const table = tableOf(definition('books', [], { schema: 'acme', remote: books }));
  const all = exposure([tenant]);
  expect(isOurs(all, table)).toBe(true);
  expect(isOurs(all, { ...table, name: 'mine' })).toBe(false);
  expect(isOurs(all, { ...table, schema: 'other' })).toBe(false);
  expect(isOurs(exposure([]), table)).toBe(false);
  expect(isOurs(exposure([tenant], [rule('{schema}.{table}', '{tenant}.{table}', ['books'])]), table)).toBe(
    false,
  );
});

test.each([
  ['it stands for any text', 'x.t_{year}', 'y.s_{year}', { schema: 'x', name: 't_2024' }, 'y.s_2024'],
  ['which is not empty', 'x.t_{year}', 'y.s_{year}', { schema: 'x', name: 't_' }, null],
  ['the same each time', 'x_{a}.{a}_t', 'y.{a}', { schema: 'x_b', name: 'c_t' }, null],
  ['as in the schema', 'x_{a}.{a}_t', 'y.{a}', { schema: 'x_b', name: 'b_t' }, 'y.b'],
  ['whatever it holds', 'x.t({a})', 'y.{a}', { schema: 'x', name: 't(.*+$)' }, 'y..*+$'],
  [
    'beside a tenant',
    '{schema}.{a}_of_{tenant}',
    '{tenant}.{a}',
    { schema: 'data_acme', name: 'b_of_acme' },
    'acme.b',
  ],
])('a word of its own in from: %s', (_, from, as, relation, expected) => {
  expect(nameIn([rule(from, as)], relation)).toBe(expected);
});

test('a relation of no tenant is shown by a rule that names its schema, with or without a tenant in it', () => {
  const identity = { schema: 'shared', name: 'identity' };
  expect(nameIn([rule('shared.identity', '{shard}.identity')], identity)).toBe('s1.identity');
  expect(nameIn([rule('shared.identity', '{tenant}.identity')], identity)).toBe('acme.identity');
  expect(nameIn([rule('{schema}.identity', '{tenant}.identity')], identity)).toBe(null);
  const rules = exposure([tenant], [rule('shared.identity', '{shard}.identity')]);
  expect(sourceSchemas(rules)).toEqual(['data_acme', 'shared']);
  expect(shownAs(rules, identity)?.tenant).toBe(null);
});

test('a partition is shown by itself only where a rule names it', () => {
  expect(isNamed(exposure([tenant]), books)).toBe(false);
  expect(isNamed(exposure([tenant], [rule('{schema}.books', 'a.b')]), books)).toBe(true);
  expect(isNamed(exposure([tenant], [rule('{schema}.b{x}', 'a.{x}')]), books)).toBe(true);
  expect(isNamed(exposure([tenant], [rule('shared.books', 'a.b')]), books)).toBe(false);
});

test('in bounds a name is a quoted literal', () => {
  const hostile = { ...tenant, name: "o'brien" };
  const rules = [
    {
      ...rule('{schema}.t_{year}', '{tenant}.t_{year}'),
      partition: { of: 'p.{tenant}', bounds: 'IN ({tenant}, {year})' },
    },
  ];
  const shown = shownAs(exposure([hostile], rules), { schema: 'data_acme', name: 't_2024' });
  expect(shown?.partition).toEqual({
    of: { schema: 'p', name: "o'brien" },
    bounds: "IN ('o''brien', '2024')",
  });
});

test('the rule that decides, and the pattern that leaves out', () => {
  const rules = [rule('{schema}.books', 'b.{tenant}'), rule('{schema}.{table}', 'a.{table}', ['x', 'aud*'])];
  const verdict = (name: string): unknown => {
    const { kind, ...more } = verdictOn(exposure([tenant], rules), { schema: 'data_acme', name });
    return [kind, 'rule' in more ? rules.indexOf(more.rule) : null, 'glob' in more ? more.glob : null];
  };
  expect(verdict('books')).toEqual(['shown', 0, null]);
  expect(verdict('authors')).toEqual(['shown', 1, null]);
  expect(verdict('audit')).toEqual(['excepted', 1, 'aud*']);
  expect(verdictOn(exposure([tenant], rules), { schema: 'other', name: 'x' })).toEqual({ kind: 'no rule' });
});

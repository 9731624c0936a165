import { expect, test } from '@jest/globals';
import type { ExposeRule, TenantConfig } from '../../../src/config/config.js';
import { isOurs, tenantsBySchema } from '../../../src/veneer/definition.js';
import { exposedName, exposedSchemas } from '../../../src/veneer/exposure.js';
import { definition, tableOf } from './builders.js';

const tenant: TenantConfig = { name: 'acme', shard: 'shard1', schema: 'data_acme' };

const rule = (from: string, as: string, except: readonly string[] = []): ExposeRule => ({ from, as, except });

const books = { schema: 'data_acme', name: 'books' };

test.each<[string, readonly ExposeRule[], { schema: string; name: string }, string | null]>([
  ['without rules: the schema is the tenant', [], books, 'acme.books'],
  [
    'a pattern',
    [rule('{schema}.{table}', 'all_of_{shard}.{tenant}_{table}')],
    books,
    'all_of_shard1.acme_books',
  ],
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
    'an exception ends the search',
    [rule('{schema}.{table}', 'a.{table}', ['b*']), rule('{schema}.{table}', 'b.{table}')],
    books,
    null,
  ],
  ['a dot in a name', [], { schema: 'data_acme', name: 'a.b' }, 'acme.a.b'],
])('%s', (_, rules, relation, expected) => {
  const name = exposedName(rules, tenant, relation);
  expect(name === null ? null : `${name.schema}.${name.name}`).toBe(expected);
});

test('a tenant whose name holds braces or dots is filled in once', () => {
  const odd = { ...tenant, name: '{table}.x' };
  expect(exposedName([], odd, books)).toEqual({ schema: '{table}.x', name: 'books' });
});

test('the schemas of the veneer that a tenant appears in', () => {
  expect(exposedSchemas([], tenant)).toEqual(['acme']);
  expect(
    exposedSchemas([rule('a.b', '{shard}.{table}'), rule('c.d', 'shard1.x'), rule('e.f', 'g.h')], tenant),
  ).toEqual(['shard1', 'g']);
});

test('ours is a table under the very name that the rules give to the relation that it shows', () => {
  const tenants = tenantsBySchema([tenant]);
  const table = tableOf(definition('books', [], { schema: 'acme', remote: books }));
  expect(isOurs([], tenants, table)).toBe(true);
  expect(isOurs([], tenants, { ...table, name: 'mine' })).toBe(false);
  expect(isOurs([], tenants, { ...table, schema: 'other' })).toBe(false);
  expect(isOurs([], tenantsBySchema([]), table)).toBe(false);
  expect(isOurs([rule('{schema}.{table}', '{tenant}.{table}', ['books'])], tenants, table)).toBe(false);
});

import { expect, test } from '@jest/globals';
import type { TenantConfig } from '../../../src/config/config.js';
import { PIN_FORMAT, type Pin } from '../../../src/commands/pin/pin.js';
import { movesSince } from '../../../src/commands/pin/pin-moves.js';
import { pinStatements, reviewOf } from '../../../src/commands/pin/pin-review.js';
import type { VeneerStatements } from '../../../src/protocol/run/review.js';

const tenants = ['acme', 'umbrella'].map((tenant) => ({
  shard: 'shard1',
  tenant,
  schema: tenant,
  rehearsedAs: 'acme',
}));

const PIN: Pin = {
  format: PIN_FORMAT,
  version: '1',
  fleet: 'f',
  made: '',
  selection: { shards: [], tenants: [], exceptTenants: [], limit: { kind: 'all' } },
  members: [{ member: 'shard1', role: 'shard', systemIdentifier: '1', databaseOid: '1' }],
  migrations: [
    { migration: '1', file: '1.sql', checksum: 'a', statements: 'x' },
    { migration: '2', file: '2.sql', checksum: 'b', statements: null },
  ],
  subjects: [{ scope: 'tenant', name: 'acme', member: 'shard1', ledger: 'l', shape: 's' }],
  shown: [{ veneer: 'veneer', shard: 'shard1', definitions: 'd' }],
  tenants,
  veneers: [],
};

const add = (tenant: string): string => `ALTER FOREIGN TABLE "${tenant}"."books" ADD COLUMN "isbn" text`;
const makeType = (tenant: string): string => `CREATE TYPE "${tenant}"."mood" AS ENUM ('sad')`;

const done = (
  tables: Readonly<Record<string, readonly string[]>>,
  rest: readonly string[] = [],
): VeneerStatements => ({
  migration: '1',
  shard: 'shard1',
  veneer: 'veneer',
  tables: new Map(Object.entries(tables)),
  rest,
});

const who = (...names: readonly string[]): TenantConfig[] =>
  names.map((name) => ({ name, schema: name, shard: 'shard1' }));

const rehearsed = pinStatements([done({ acme: [add('acme')] }, [makeType('acme')])], tenants, (sql) => sql);
const review = reviewOf({ ...PIN, veneers: rehearsed }, (sql) => sql);

test.each([
  ['for the tenant that was rehearsed', done({ acme: [add('acme')] }, [makeType('acme')]), who('acme')],
  [
    'for one that it stood for',
    done({ umbrella: [add('umbrella')] }, [makeType('umbrella')]),
    who('umbrella'),
  ],
  ['for both at once', done({ acme: [add('acme')], umbrella: [add('umbrella')] }), who('acme', 'umbrella')],
])('the same is let through %s', (_, statements, whom) => {
  expect(() => review([statements], whom)).not.toThrow();
});

test.each([
  [
    'a statement more',
    done({ acme: [add('acme'), 'ALTER FOREIGN TABLE "acme"."books" DROP COLUMN "x"'] }),
    who('acme'),
    'not rehearsed: ALTER',
  ],
  [
    'a statement less',
    done({ acme: [add('acme')] }),
    who('acme', 'umbrella'),
    'rehearsed, and missing: ALTER',
  ],
  ['nothing at all', done({}), who('umbrella'), 'rehearsed, and missing'],
  [
    'a tenant whose migration it is not',
    done({ acme: [add('acme')], initech: [add('initech')] }),
    who('acme'),
    'not rehearsed',
  ],
  [
    'another type',
    done({ acme: [add('acme')] }, [makeType('acme').replace('sad', 'glad')]),
    who('acme'),
    'not rehearsed: CREATE TYPE',
  ],
])('%s is refused', (_, statements, whom, told) => {
  expect(() => review([statements], whom)).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ detail: expect.stringContaining(told) }) }),
  );
});

test('what a plan keeps of statements is masked, and compared masked', () => {
  const mask = (sql: string): string => sql.replaceAll('isbn', '***');
  const masked = pinStatements([done({ acme: [add('acme')] })], tenants, mask);
  expect(JSON.stringify(masked)).not.toContain('isbn');
  expect(() =>
    reviewOf({ ...PIN, veneers: masked }, mask)([done({ acme: [add('acme')] })], who('acme')),
  ).not.toThrow();
});

test.each([
  ['nothing', {}, []],
  [
    'a role',
    { members: [{ ...PIN.members[0]!, role: 'shard+veneer' }] },
    ['shard1 is shard+veneer now, and was shard'],
  ],
  ['a member less', { members: [] }, ['shard1 is not in the fleet any more']],
  ['another order', { migrations: PIN.migrations.toReversed() }, ['the migrations stand in another order']],
  [
    'another module',
    { migrations: [{ ...PIN.migrations[0]!, statements: 'y' }, PIN.migrations[1]!] },
    ['1.sql is built otherwise than it was'],
  ],
  [
    'another server',
    { members: [{ ...PIN.members[0]!, systemIdentifier: '2' }] },
    ['another server or database answers as shard1'],
  ],
  [
    'ledger and tables',
    { subjects: [{ ...PIN.subjects[0]!, ledger: 'm', shape: null }] },
    [
      'the ledger of tenant acme on shard1 has moved',
      'what is in the schema of tenant acme on shard1 was changed',
    ],
  ],
  [
    'a veneer more',
    { shown: [...PIN.shown, { veneer: 'green', shard: 'shard1', definitions: 'd' }] },
    ['green shows shard1 now'],
  ],
])('%s moved', (_, now, told) => {
  expect(movesSince(PIN, { ...PIN, ...now })).toEqual(told);
});

import { expect, test } from '@jest/globals';
import type { ShardConfig } from '../../../src/config/config.js';
import { labelOf, type Migration } from '../../../src/migrations/migration.js';
import { makePlan, type PlanLimit } from '../../../src/migrations/plan/plan.js';
import { load, loadError, type Files } from './folder.js';

const FILES: Files = {
  '1_a.sql': 'SELECT 1',
  'shard/2_s.sql': 'SELECT 2',
  '3_b.sql': 'SELECT 3',
  'B__3_b.sql': 'SELECT 4',
  '4_c.sql': 'SELECT 5',
  'B__4_c.sql': 'SELECT 6',
  '5_d.sql': 'SELECT 7',
};

test('a base is no migration of its own: it is what its migration may be made by, with all before', async () => {
  const migrations = await load(FILES);
  expect(migrations.map(labelOf)).toEqual(['1_a', 'shard/2_s', '3_b', '4_c', '5_d']);
  expect(migrations.flatMap(({ base }) => base?.covers?.map(({ name }) => name).join(' ') ?? [])).toEqual([
    '1_a 3_b',
    '1_a 3_b 4_c',
  ]);
});

test.each([
  [
    { '1_a.sql': '', 'B__2_b.sql': '' },
    'there is no migration 2_b for tenants, up to which this could be the base',
  ],
  [
    { 'R__a.sql': '', 'B__R__a.sql': '' },
    'there is no migration R__a for tenants, up to which this could be the base',
  ],
  [
    { 'shard/1_a.sql': '', 'B__1_a.sql': '' },
    'there is no migration 1_a for tenants, up to which this could be the base',
  ],
  [{ 'shard/1_a.sql': '', 'shard/B__1_a.sql': '' }, 'a base is for tenants, and not for a shard'],
  [{ '1_a.sql': '', 'B__1_a.sql': '', 'B__1_a.ts': '' }, 'migrations/B__1_a.sql and migrations/B__1_a.ts are two migrations with one name'], // prettier-ignore
  [
    { '1_a.sql': '', 'B__1_a.sql': '-- pg-veneer: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a)' },
    'a base cannot run without a transaction',
  ],
])('%j is refused: %s', async (files, message) => {
  expect((await loadError(files)).message + (await loadError(files)).facts.detail).toContain(message);
});

const ALL: PlanLimit = { kind: 'all' };

interface Applied {
  /** Tenants, or the shard itself under the empty name. */
  readonly [subject: string]: readonly string[];
}

/** What runs, for whom. */
async function steps(applied: Applied, limit: PlanLimit = ALL): Promise<string[]> {
  const migrations = await load(FILES);
  const entryOf = (label: string) => {
    const { name, checksum } = migrations.find((one) => labelOf(one) === label) as Migration;
    return { migration: name, checksum, state: 'applied' as const };
  };
  const groups = Object.entries(applied).map(([tenant, labels]) => ({
    scope: tenant === '' ? ('shard' as const) : ('tenant' as const),
    tenants: [tenant],
    entries: labels.map(entryOf),
  }));
  const tenants = Object.keys(applied).filter((name) => name !== '');
  const plan = makePlan({
    direction: 'up',
    migrations,
    shards: [
      {
        name: 's',
        tenants: tenants.map((name) => ({ name, shard: 's', schema: name })),
      } as unknown as ShardConfig,
    ],
    veneers: [],
    ledgers: new Map([['s', groups]]),
    reach: { shards: new Set(['s']), veneers: 'selected' },
    outOfOrder: 'refuse',
    limit,
  });
  expect(plan.problems).toEqual([]);
  return plan.shards.flatMap(({ steps: list }) =>
    list.map(
      ({ migration, tenants: whom }) => `${labelOf(migration)}: ${whom.map(({ name }) => name).join(' ')}`,
    ),
  );
}

test('a tenant that has nothing begins with the last base, and one that has something does not', async () => {
  expect(await steps({ '': ['shard/2_s'], new: [], old: ['1_a'] })).toEqual([
    '3_b: old',
    'B__4_c: new',
    '4_c: old',
    '5_d: new old',
  ]);
});

test('a base does not pass by what its shard lacks', async () => {
  expect(await steps({ '': [], new: [] })).toEqual([
    '1_a: new',
    'shard/2_s: ',
    '3_b: new',
    '4_c: new',
    '5_d: new',
  ]);
});

test('nor does it go further than is wanted', async () => {
  const applied = { '': ['shard/2_s'], new: [] };
  expect(await steps(applied, { kind: 'to', name: '3_b' })).toEqual(['B__3_b: new']);
  expect(await steps(applied, { kind: 'to', name: '1_a' })).toEqual(['1_a: new']);
  expect(await steps(applied, { kind: 'to', name: '4_c' })).toEqual(['B__4_c: new']);
  expect(await steps(applied, { kind: 'count', count: 1 })).toEqual(['B__4_c: new']);
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ShardConfig } from '../../../src/config/config.js';
import type { LedgerGroup } from '../../../src/migrations/ledger/ledger.js';
import type { Migration } from '../../../src/migrations/migration.js';
import { makePlan, type Plan, type PlanInput } from '../../../src/migrations/plan/plan.js';
import { Secret } from '../../../src/secret.js';

/** A fleet without veneers, selected as a whole. */
const ALL_OF_SHARDS = {
  direction: 'up',
  veneers: [],
  reach: { shards: new Set(['s', 's1', 's2']), veneers: 'selected' },
} as const;

const migration = (name: string, checksum = 'c'): Migration => ({
  name,
  file: `migrations/${name}.sql`,
  checksum,
  body: { kind: 'static', statements: [] },
  scope: 'tenant',
  transaction: 'step',
  notices: [],
});

const shard = (name: string, ...tenants: readonly string[]): ShardConfig => ({
  name,
  key: name,
  database: null,
  url: new Secret('postgres://x'),
  setRole: null,
  server: { name: `${name}_server`, options: {} },
  tenants: tenants.map((tenant) => ({ name: tenant, shard: name, schema: tenant })),
  userMappings: [],
});

/** What a tenant has: names of migrations, `name=checksum` where that matters. */
const ledger = (tenant: string, ...names: readonly string[]): LedgerGroup => ({
  scope: 'tenant',
  tenants: [tenant],
  entries: names.map((text) => {
    const [name = '', checksum = 'c'] = text.split('=');
    return { migration: name, checksum, state: 'applied' };
  }),
});

const SHARDS = [shard('s1', 'a'), shard('s2', 'b', 'c')];

const plan = (
  input: Partial<Omit<PlanInput, 'ledgers'>> & { readonly ledgers?: readonly LedgerGroup[] },
): Plan =>
  makePlan({
    migrations: ['1', '2', '3'].map((name) => migration(name)),
    shards: SHARDS,
    ...ALL_OF_SHARDS,
    outOfOrder: 'refuse',
    limit: { kind: 'all' },
    ...input,
    ledgers: new Map(
      SHARDS.map(({ name, tenants }) => [
        name,
        (input.ledgers ?? []).filter((group) =>
          tenants.some((tenant) => group.tenants.includes(tenant.name)),
        ),
      ]),
    ),
  });

/** `s2: 1 b c, 2 b` */
const shown = ({ shards }: Plan): string[] =>
  shards.map(({ shard: { name }, steps }) =>
    `${name}: ${steps.map((step) => [step.migration.name, ...step.tenants.map((tenant) => tenant.name)].join(' ')).join(', ')}`.trim(),
  );

const messages = ({ problems }: Plan): string[] => problems.map(({ message }) => message);

test('an empty fleet gets every migration, its tenants together', () => {
  expect(shown(plan({}))).toEqual(['s1: 1 a, 2 a, 3 a', 's2: 1 b c, 2 b c, 3 b c']);
});

test('a tenant that lags catches up alone, then goes with its sibling', () => {
  expect(shown(plan({ ledgers: [ledger('a', '1', '2', '3'), ledger('b', '1')] }))).toEqual([
    's1:',
    's2: 1 c, 2 b c, 3 b c',
  ]);
});

test('a count is of migrations that are pending anywhere', () => {
  const ledgers = [ledger('a', '1', '2'), ledger('b', '1')];
  expect(shown(plan({ ledgers, limit: { kind: 'count', count: 1 } }))).toEqual(['s1:', 's2: 1 c']);
  expect(shown(plan({ ledgers, limit: { kind: 'count', count: 2 } }))).toEqual(['s1:', 's2: 1 c, 2 b c']);
});

test('to a migration, included', () => {
  expect(shown(plan({ limit: { kind: 'to', name: '2' } }))).toEqual(['s1: 1 a, 2 a', 's2: 1 b c, 2 b c']);
  const done = ['a', 'b', 'c'].map((tenant) => ledger(tenant, '1', '2', '3'));
  expect(shown(plan({ ledgers: done, limit: { kind: 'to', name: '1' } }))).toEqual(['s1:', 's2:']);
});

test('edited, missing and late migrations are problems, once each with their tenants', () => {
  const ledgers = [ledger('a', '1=other', '3'), ledger('b', '1=other', '0', '3'), ledger('c', '1', '2', '3')];
  expect(messages(plan({ ledgers }))).toEqual([
    '1 was edited after it was applied (a, b)',
    '2 sorts before a migration that was applied already (a, b)',
    '0 was applied, but its file is missing (b)',
  ]);
  const { problems } = plan({ ledgers });
  expect(problems[0]).toMatchObject({ exitCode: 20, where: { migration: '1', file: 'migrations/1.sql' } });
  expect(problems[2]?.where).toEqual({ migration: '0' });
});

test('many tenants are counted, not listed', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const input = {
    shards: [shard('s1', ...names)],
    migrations: [],
    ...ALL_OF_SHARDS,
    limit: { kind: 'all' },
    outOfOrder: 'refuse',
  } as const;
  const ledgers = new Map([
    [
      's1',
      [{ scope: 'tenant', tenants: names, entries: [{ migration: '1', checksum: 'c', state: 'applied' }] }],
    ],
  ] as const);
  expect(messages(makePlan({ ...input, ledgers }))).toEqual([
    '1 was applied, but its file is missing (a, b, c and 2 more)',
  ]);
});

test('a late migration is applied, or passed over, where the policy says so', () => {
  const ledgers = [ledger('a', '1', '3'), ledger('b', '1', '3'), ledger('c', '1', '2', '3')];
  const allowed = plan({ ledgers, outOfOrder: 'allow' });
  expect([shown(allowed), messages(allowed)]).toEqual([['s1: 2 a', 's2: 2 b'], []]);
  const ignored = plan({ ledgers, outOfOrder: 'ignore' });
  expect([shown(ignored), messages(ignored)]).toEqual([['s1:', 's2:'], []]);
});

const NAMES = ['1', '2', '3', '4', '5'];
const prefix = fc.nat(NAMES.length).map((count) => NAMES.slice(0, count));
const limit: fc.Arbitrary<PlanInput['limit']> = fc.oneof(
  fc.constant({ kind: 'all' } as const),
  fc.nat(6).map((count) => ({ kind: 'count', count: count + 1 }) as const),
  fc.constantFrom(...NAMES).map((name) => ({ kind: 'to', name }) as const),
);

const migrations = NAMES.map((name) => migration(name));

test('applying the plan leaves nothing of it to do, and without a limit nothing at all', () => {
  fc.assert(
    fc.property(prefix, prefix, prefix, limit, (a, b, c, bound) => {
      const had = new Map(Object.entries({ a, b, c }));
      const ledgersOf = (applied: ReadonlyMap<string, readonly string[]>) =>
        [...applied].map(([tenant, names]) => ledger(tenant, ...names));
      const planned = plan({ migrations, ledgers: ledgersOf(had), limit: bound });
      const has = new Map(had);
      for (const { steps } of planned.shards) {
        for (const step of steps) {
          for (const { name } of step.tenants) {
            expect(has.get(name)).toEqual(NAMES.slice(0, NAMES.indexOf(step.migration.name)));
            has.set(name, [...(has.get(name) ?? []), step.migration.name]);
          }
        }
      }
      const again = plan({
        migrations,
        ledgers: ledgersOf(has),
        limit: bound.kind === 'count' ? { kind: 'all' } : bound,
      });
      expect(again.problems).toEqual([]);
      const left = again.shards.flatMap(({ steps }) => steps.map((step) => step.migration.name));
      const done = planned.shards.flatMap(({ steps }) => steps.map((step) => step.migration.name));
      expect(left.filter((name) => done.includes(name))).toEqual([]);
      if (bound.kind !== 'count') expect(left).toEqual([]);
      else expect(new Set(done).size).toBeLessThanOrEqual(bound.count);
    }),
  );
});

test('a repeatable is pending where another text was applied, makes nothing late, and is not taken down', () => {
  const migrations = [migration('1'), migration('2'), migration('R__v', 'new')];
  const ledgers = [ledger('a', '1', 'R__v=old', 'R__gone'), ledger('b', '1', '2', 'R__v=new')];
  const up = plan({ migrations, ledgers });
  expect(up.problems).toEqual([]);
  expect(
    up.shards.map(({ steps }) =>
      steps.map((one) => [one.migration.name, ...one.tenants.map(({ name }) => name)]),
    ),
  ).toEqual([
    [
      ['2', 'a'],
      ['R__v', 'a'],
    ],
    [
      ['1', 'c'],
      ['2', 'c'],
      ['R__v', 'c'],
    ],
  ]);
  const down = plan({ migrations, ledgers, direction: 'down' });
  expect(down.problems).toEqual([]);
  expect(down.order.map(({ name }) => name)).toEqual(['2', '1']);
});

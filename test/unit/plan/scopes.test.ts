import { expect, test } from '@jest/globals';
import type { ShardConfig } from '../../../src/config/config.js';
import type { LedgerGroup } from '../../../src/migrations/ledger/ledger.js';
import type { Migration, Scope } from '../../../src/migrations/migration.js';
import { makePlan, waitingText, type Plan, type PlanInput } from '../../../src/migrations/plan/plan.js';
import { stagesOf } from '../../../src/migrations/plan/stages.js';

const migration = (text: string): Migration => {
  const [scope, name] = text.includes('/') ? text.split('/') : ['tenant', text];
  return {
    name: name!,
    scope: scope as Scope,
    file: `migrations/${text}.sql`,
    checksum: 'c',
    body: { kind: 'static', statements: [] },
    transaction: 'step',
    notices: [],
  };
};

const shard = (name: string, ...tenants: string[]): ShardConfig =>
  ({ name, tenants: tenants.map((tenant) => ({ name: tenant, shard: name, schema: tenant })) }) as never;

/** `1 2` for a tenant, `shard/2` for what its shard or veneer has itself. */
const groups = (had: Readonly<Record<string, string>>): LedgerGroup[] =>
  Object.entries(had).map(([subject, names]) => ({
    scope: subject === 'shard' || subject === 'veneer' ? subject : 'tenant',
    tenants: [subject === 'shard' || subject === 'veneer' ? '' : subject],
    entries: names
      .split(' ')
      .filter(Boolean)
      .map((name) => ({ migration: name, checksum: 'c', state: 'applied' })),
  }));

const MIGRATIONS = ['1', 'shard/2', '3', 'veneer/4', '5'].map(migration);

interface Fleet {
  readonly s1?: Readonly<Record<string, string>>;
  readonly s2?: Readonly<Record<string, string>>;
  readonly v?: Readonly<Record<string, string>>;
}

function plan({ s1 = {}, s2 = {}, v = {} }: Fleet, more: Partial<PlanInput> = {}): Plan {
  return makePlan({
    direction: 'up',
    migrations: MIGRATIONS,
    shards: [shard('s1', 'a'), shard('s2', 'b', 'c')],
    veneers: [{ name: 'v' } as never],
    ledgers: new Map([
      ['s1', groups(s1)],
      ['s2', groups(s2)],
      ['v', groups(v)],
    ]),
    reach: { shards: new Set(['s1', 's2']), veneers: 'selected' },
    outOfOrder: 'refuse',
    limit: { kind: 'all' },
    ...more,
  });
}

/** `s2: 1 b c, shard/2 | veneer/4 v` */
const shown = (made: Plan): string[] =>
  stagesOf(made).map((stage) =>
    stage.kind === 'veneers'
      ? `${stage.step.migration.name} ${stage.step.veneers.map(({ name }) => name).join(' ')}`
      : made.shards
          .map(({ shard: { name }, steps }) => {
            const own = steps.filter((step) => stage.migrations.has(step.migration));
            return `${name}: ${own.map((step) => [step.migration.name, ...step.tenants.map((one) => one.name)].join(' ')).join(', ')}`;
          })
          .join('; '),
  );

const ALL = {
  s1: { a: '1 3 5', shard: '2' },
  s2: { b: '1 3 5', c: '1 3 5', shard: '2' },
  v: { veneer: '4' },
};
const ONLY_S2 = {
  shards: [shard('s2', 'b', 'c')],
  reach: { shards: new Set(['s2']), veneers: 'left out' },
} as const;
const ONLY_B = {
  shards: [shard('s2', 'b')],
  reach: { shards: new Set<string>(), veneers: 'left out' },
} as const;
const DOWN = { direction: 'down', limit: { kind: 'count', count: 1 } } as const;

const UPS: readonly (readonly [title: string, Fleet, Partial<PlanInput>, string[]])[] = [
  ['all of it', {}, {}, ['s1: 1 a, 2, 3 a; s2: 1 b c, 2, 3 b c', '4 v', 's1: 5 a; s2: 5 b c']],
  [
    'N counts all scopes',
    {},
    { limit: { kind: 'count', count: 4 } },
    ['s1: 1 a, 2, 3 a; s2: 1 b c, 2, 3 b c', '4 v'],
  ],
  [
    '--to one of a veneer',
    {},
    { limit: { kind: 'to', name: '4' } },
    ['s1: 1 a, 2, 3 a; s2: 1 b c, 2, 3 b c', '4 v'],
  ],
  ['a tenant that lags', { ...ALL, s2: { b: '1 3 5', c: '1', shard: '2' } }, {}, ['s1: ; s2: 3 c, 5 c']],
  [
    'a veneer that is new',
    { ...ALL, v: {} },
    {
      veneers: [{ name: 'v' }, { name: 'w' }] as never,
      ledgers: new Map([
        ['s1', groups(ALL.s1)],
        ['s2', groups(ALL.s2)],
        ['v', groups(ALL.v)],
      ]),
    },
    ['4 w'],
  ],
  ['a shard alone', {}, ONLY_S2, ['s2: 1 b c, 2, 3 b c']],
  ['a tenant alone', {}, ONLY_B, ['s2: 1 b']],
  ['nothing', ALL, {}, []],
];

test.each(UPS)('up: %s', (_, fleet, more, expected) => {
  const made = plan(fleet, more);
  expect([shown(made), made.problems]).toEqual([expected, []]);
});

test('what comes after something that a selection leaves out waits', () => {
  const made = plan({ s2: { b: '1', c: '1', shard: '2' } }, ONLY_S2);
  expect(made.waiting.map(waitingText)).toEqual([
    '5 waits for veneer/4, which this selection leaves out (b, c)',
  ]);
  expect(plan({}, ONLY_B).waiting.map(waitingText)).toEqual([
    '3 waits for shard/2, which this selection leaves out (b)',
    '5 waits for shard/2, which this selection leaves out (b)',
  ]);
});

const messages = ({ problems }: Plan): string[] => problems.map(({ message }) => message);

test('one that nobody has is late where something of another scope after it was applied', () => {
  expect(messages(plan({ s1: { a: '1 3 5' }, s2: ALL.s2, v: ALL.v }))).toEqual([]);
  expect(messages(plan({ s1: { a: '1 3' }, s2: { b: '1 3' } }))).toEqual([
    'shard/2 sorts before a migration that was applied already (s1, s2)',
  ]);
  expect(messages(plan({ ...ALL, v: {} }))).toEqual([
    'veneer/4 sorts before a migration that was applied already (v)',
  ]);
  expect(shown(plan({ ...ALL, v: {} }, { outOfOrder: 'ignore' }))).toEqual([]);
  expect(shown(plan({ ...ALL, v: {} }, { outOfOrder: 'allow' }))).toEqual(['4 v']);
});

test('edited and missing ones of a shard and a veneer are told by their scope', () => {
  expect(messages(plan({ ...ALL, v: { veneer: '4 9' } }))).toEqual([
    'veneer/9 was applied, but its file is missing (v)',
  ]);
  const edited = MIGRATIONS.map((one) => (one.scope === 'shard' ? { ...one, checksum: 'other' } : one));
  expect(messages(plan(ALL, { migrations: edited }))).toEqual([
    'shard/2 was edited after it was applied (s1, s2)',
  ]);
});

const DOWNS: readonly (readonly [title: string, Fleet, Partial<PlanInput>, string[]])[] = [
  ['the last one', ALL, DOWN, ['s1: 5 a; s2: 5 b c']],
  ['two', ALL, { ...DOWN, limit: { kind: 'count', count: 2 } }, ['s1: 5 a; s2: 5 b c', '4 v']],
  [
    'to the first, which stays',
    ALL,
    { ...DOWN, limit: { kind: 'to', name: '1' } },
    ['s1: 5 a; s2: 5 b c', '4 v', 's1: 3 a, 2; s2: 3 b c, 2'],
  ],
  ['those that lack it are left', { ...ALL, s1: { a: '1 3', shard: '2' } }, DOWN, ['s1: ; s2: 5 b c']],
  ['a tenant alone', ALL, { ...ONLY_B, ...DOWN }, ['s2: 5 b']],
  ['nothing', {}, DOWN, []],
];

test.each(DOWNS)('down: %s', (_, fleet, more, expected) => {
  const made = plan(fleet, more);
  expect([shown(made), made.problems]).toEqual([expected, []]);
});

test('down takes nothing away from below what a selection leaves', () => {
  const two = { ...DOWN, limit: { kind: 'count', count: 2 } } as const;
  const text =
    'cannot be taken down: what comes after it is applied, and is not taken down with this selection';
  expect(messages(plan(ALL, { ...ONLY_S2, ...two }))).toEqual([`3 ${text} (b, c)`]);
  expect(
    messages(plan({ ...ALL, v: {} }, { ...ONLY_B, ...DOWN, limit: { kind: 'count', count: 3 } })),
  ).toEqual([`1 ${text} (b)`]);
});

import { expect, test } from '@jest/globals';
import type { ShardConfig } from '../../../src/config/config.js';
import type { LedgerEntry } from '../../../src/migrations/ledger/ledger.js';
import type { Migration } from '../../../src/migrations/migration.js';
import { interruptedText, makePlan, type PlanInput } from '../../../src/migrations/plan/plan.js';

/** A fleet without veneers, selected as a whole. */
const ALL_OF_SHARDS = {
  direction: 'up',
  veneers: [],
  reach: { shards: new Set(['s', 's1', 's2']), veneers: 'selected' },
} as const;

const migration = (name: string): Migration => ({
  name,
  file: `migrations/${name}.sql`,
  checksum: `sum of ${name}`,
  body: { kind: 'static', statements: [] },
  scope: 'tenant',
  transaction: 'none',
  notices: [],
});

const [FIRST, SECOND, THIRD] = [migration('1_a'), migration('2_b'), migration('3_c')];

const shard = (tenants: readonly string[]): ShardConfig =>
  ({ name: 's', tenants: tenants.map((name) => ({ name, shard: 's', schema: name })) }) as never;

const entry = ({ name, checksum }: Migration, state: LedgerEntry['state'] = 'applied'): LedgerEntry => ({
  migration: name,
  checksum,
  state,
});

function planOf(entries: Readonly<Record<string, readonly LedgerEntry[]>>, more: Partial<PlanInput> = {}) {
  const ledger = Object.entries(entries).map(([tenant, list]) => ({
    scope: 'tenant' as const,
    tenants: [tenant],
    entries: list,
  }));
  const plan = makePlan({
    migrations: [FIRST, SECOND, THIRD],
    shards: [shard(Object.keys(entries))],
    ledgers: new Map([['s', ledger]]),
    ...ALL_OF_SHARDS,
    outOfOrder: 'refuse',
    limit: { kind: 'all' },
    ...more,
  });
  const steps = plan.shards[0]?.steps.map((step) => [
    step.migration.name,
    step.tenants.map(({ name }) => name).join(' '),
  ]);
  return { ...plan, steps };
}

test('what began and did not come to its end is pending, and told', () => {
  const plan = planOf({ x: [entry(FIRST), entry(SECOND, 'running')], y: [entry(FIRST), entry(SECOND)] });
  expect(plan.steps).toEqual([
    ['2_b', 'x'],
    ['3_c', 'x y'],
  ]);
  expect(plan.problems).toEqual([]);
  expect(plan.interrupted).toEqual([{ migration: '2_b', tenants: ['x'] }]);
  const [one] = plan.interrupted;
  expect(interruptedText(one!, 'none')).toBe('2_b was interrupted half way for x: migrate up runs it again');
  expect(interruptedText(one!, 'at work')).toBe('2_b began for x, and has not come to its end');
});

test('all is pending where nothing was applied, and nothing is told to be interrupted', () => {
  const plan = planOf({ x: [] });
  expect(plan.steps).toHaveLength(3);
  expect(plan.interrupted).toEqual([]);
});

test('a file that was edited after it began is no edit of what was applied', () => {
  const begun = { ...entry(SECOND, 'running'), checksum: 'another' };
  expect(planOf({ x: [entry(FIRST), begun] }).problems).toEqual([]);
  expect(planOf({ x: [entry(FIRST), { ...begun, state: 'applied' }] }).problems).toMatchObject([
    { message: '2_b was edited after it was applied (x)' },
  ]);
});

test.each(['refuse', 'ignore'] as const)(
  'going on with what began is not out of order (%s)',
  (outOfOrder) => {
    const plan = planOf({ x: [entry(FIRST), entry(SECOND, 'running'), entry(THIRD)] }, { outOfOrder });
    expect(plan).toMatchObject({ problems: [], steps: [['2_b', 'x']] });
  },
);

test('what began last does not make those before it late', () => {
  expect(planOf({ x: [entry(FIRST), entry(THIRD, 'running')] })).toMatchObject({
    problems: [],
    steps: [
      ['2_b', 'x'],
      ['3_c', 'x'],
    ],
  });
});

test('what began and has no file any more has to be restored', () => {
  const gone = entry(migration('2_gone'), 'running');
  expect(planOf({ x: [entry(FIRST), gone] }).problems).toMatchObject([
    { message: '2_gone was interrupted half way, and its file is missing (x)', exitCode: 20 },
  ]);
});

import { expect, test } from '@jest/globals';
import type { TenantConfig } from '../../../src/config/config.js';
import type { ShardPlan } from '../../../src/migrations/plan/plan.js';
import { inBatches, WORTH_WAITING, type Batch } from '../../../src/protocol/rollout/batches.js';
import type { Capacity } from '../../../src/protocol/rollout/capacity.js';

const capacity = (locks: number): Capacity => ({ locks }) as Capacity;

/** A shard with one migration of so many statements for so many tenants; null: it asks the database. */
const planOf = (tenants: number, statements: number | null): ShardPlan =>
  ({
    steps: [
      {
        migration: {
          name: '0001_books',
          body:
            statements === null
              ? { kind: 'dynamic' }
              : { kind: 'static', statements: Array.from({ length: statements }, () => ({})) },
        },
        tenants: Array.from(
          { length: tenants },
          (_, index): TenantConfig => ({ name: `t${index}` }) as TenantConfig,
        ),
      },
    ],
  }) as unknown as ShardPlan;

const sizes = (plan: ShardPlan, batch: Batch, locks = 1e9, lanes = 1): [number[], unknown[]] => {
  const cut = inBatches(plan, batch, [capacity(1e9), capacity(locks)], lanes);
  return [
    cut.plan.steps.map(({ tenants }) => tenants.length),
    cut.cuts.map(({ steps, tenants, by }) => [steps, tenants, by]),
  ];
};

test('a step takes all tenants where the servers have room and readers need not wait for too many', () => {
  expect(sizes(planOf(WORTH_WAITING, 3), 'auto')).toEqual([[WORTH_WAITING], []]);
});

test('more tenants are cut evenly, so that nobody waits for more of them than needed', () => {
  const [steps, why] = sizes(planOf(2 * WORTH_WAITING + 1, 1), 'auto');
  expect(why).toEqual([[3, Math.ceil((2 * WORTH_WAITING + 1) / 3), 'readers']]);
  expect(steps.reduce((sum, one) => sum + one)).toBe(2 * WORTH_WAITING + 1);
  expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(2);
});

test('half of the smallest lock table, shared by all lanes, is the limit of what a step may lock', () => {
  expect(sizes(planOf(30, 2), 'auto', 640, 2)).toEqual([[10, 10, 10], [[3, 10, 'lock table']]]);
  expect(sizes(planOf(3, null), 'auto', 1)).toEqual([[1, 1, 1], [[3, 1, 'lock table']]]);
});

test('a size that is configured is kept, and a table of partitions is never cut', () => {
  expect(sizes(planOf(5, 1), 2)).toEqual([[2, 2, 1], [[3, 2, 'rollout.batch']]]);
  expect(sizes(planOf(1000, 1), 'none', 1)).toEqual([[1000], []]);
});

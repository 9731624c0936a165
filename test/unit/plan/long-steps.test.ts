import { expect, test } from '@jest/globals';
import { longStepNotices } from '../../../src/commands/plan/long-steps.js';
import type { PlanMigration, PlanShard } from '../../../src/report/plan.js';

const migration = (name: string, msEach: number | null, transaction: PlanMigration['transaction'] = 'step') =>
  ({ migration: name, msEach, transaction }) as PlanMigration;

const shard = (name: string, steps: PlanShard['steps']): PlanShard => ({
  shard: name,
  steps,
  statements: null,
  estimateMs: null,
});

test('the longest step of a migration is told where it may take longer than its locks may be held', () => {
  const shards = [
    shard('shard1', [
      { migration: '1_slow', tenants: ['a', 'b'] },
      { migration: '2_quick', tenants: ['a', 'b'] },
      { migration: '3_new', tenants: ['a'] },
      { migration: '4_alone', tenants: ['a', 'b'] },
      { migration: 'shard/5_own', tenants: [] },
    ]),
    shard('shard2', [{ migration: '1_slow', tenants: ['c', 'd', 'e'] }]),
  ];
  const migrations = [
    migration('1_slow', 600),
    migration('2_quick', 500),
    migration('3_new', null),
    migration('4_alone', 9_000, 'none'),
    migration('shard/5_own', 1_001),
  ];
  expect(longStepNotices(shards, migrations, { lockHoldMs: 1_000 })).toEqual([
    expect.stringContaining(
      '1_slow may hold its locks on shard2 for 1800 ms, and rollout.lock_hold allows 1000',
    ),
    expect.stringContaining('shard/5_own may hold its locks on shard1 for 1001 ms'),
  ]);
  expect(longStepNotices(shards, migrations, { lockHoldMs: 2_000 })).toEqual([]);
});

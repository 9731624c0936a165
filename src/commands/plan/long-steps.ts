import type { RolloutConfig } from '../../config/config.js';
import type { PlanMigration, PlanShard } from '../../report/plan.js';

/**
 * Steps that would take longer than rollout.lock_hold allows, by what the same migration took of others: told, and not refused, since
 * tables differ in size and the budget itself ends a step that takes too long, with nothing changed. Pure.
 */
export function longStepNotices(
  shards: readonly PlanShard[],
  migrations: readonly PlanMigration[],
  { lockHoldMs }: Pick<RolloutConfig, 'lockHoldMs'>,
): string[] {
  const known = new Map(migrations.map((one) => [one.migration, one]));
  const longest = new Map<string, { readonly shard: string; readonly ms: number }>();
  for (const { shard, steps } of shards)
    for (const { migration, tenants } of steps) {
      const { transaction, msEach = null } = known.get(migration) ?? {};
      const ms = Math.round((msEach ?? 0) * Math.max(1, tenants.length));
      if (transaction === 'none' || ms <= Math.max(lockHoldMs, longest.get(migration)?.ms ?? 0)) continue;
      longest.set(migration, { shard, ms });
    }
  return [...longest].map(
    ([migration, { shard, ms }]) =>
      `${migration} may hold its locks on ${shard} for ${ms} ms, and rollout.lock_hold allows ${lockHoldMs}: take fewer tenants in a step (rollout.batch), split it, or allow more`,
  );
}

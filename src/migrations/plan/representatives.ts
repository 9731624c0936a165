import type { TenantConfig } from '../../config/config.js';
import { groupBy } from '../../group-by.js';
import { labelOf } from '../migration.js';
import type { Plan } from './plan.js';

/** A tenant for which migrations run, and those of its shard for which they would do the same. */
export interface Representative {
  readonly tenant: TenantConfig;
  readonly standsFor: readonly TenantConfig[];
}

/**
 * One tenant for each shape on each shard, the first in the order of the fleet: tenants for which the same is pending and
 * of which `shapeOf` says that they are alike. Shards are kept apart, since servers differ in what their tables do not
 * show. Pure.
 */
export function representativesOf(
  { shards }: Plan,
  shapeOf: (tenant: TenantConfig) => string,
): Representative[] {
  return shards.flatMap(({ shard, steps }) => {
    const pending = new Map<TenantConfig, string[]>();
    for (const { migration, tenants } of steps)
      for (const tenant of tenants) pending.set(tenant, [...(pending.get(tenant) ?? []), labelOf(migration)]);
    const busy = shard.tenants.filter((tenant) => pending.has(tenant));
    const alike = groupBy(busy, (tenant) => JSON.stringify([pending.get(tenant), shapeOf(tenant)]));
    return [...alike.values()].flatMap(([tenant, ...standsFor]) =>
      tenant === undefined ? [] : [{ tenant, standsFor }],
    );
  });
}

/** The plan for these tenants alone; shards and veneers themselves stay. Pure. */
export function planFor(plan: Plan, chosen: readonly Representative[]): Plan {
  const kept = new Set(chosen.map(({ tenant }) => tenant));
  return {
    ...plan,
    shards: plan.shards.map((shard) => ({
      ...shard,
      steps: shard.steps.map((step) => ({
        ...step,
        tenants: step.tenants.filter((tenant) => kept.has(tenant)),
      })),
    })),
  };
}

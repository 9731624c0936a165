import type { Migration } from '../migration.js';
import type { Plan, VeneerStep } from './plan.js';

/** A stretch of a plan: what the shards run at their own pace, or a step of the veneers, for which all of them wait. */
export type Stage =
  | { readonly kind: 'shards'; readonly migrations: ReadonlySet<Migration> }
  | { readonly kind: 'veneers'; readonly step: VeneerStep };

/** A plan cut at the steps of the veneers. Pure. */
export function stagesOf({ order, veneerSteps }: Pick<Plan, 'order' | 'veneerSteps'>): Stage[] {
  const stages: Stage[] = [];
  let migrations = new Set<Migration>();
  for (const migration of order) {
    const step = veneerSteps.find((one) => one.migration === migration);
    if (step === undefined) {
      if (migrations.size === 0) stages.push({ kind: 'shards', migrations });
      migrations.add(migration);
    } else {
      stages.push({ kind: 'veneers', step });
      migrations = new Set();
    }
  }
  return stages;
}

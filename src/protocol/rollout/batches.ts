import type { Config } from '../../config/config.js';
import { isMesh } from '../../fleet/member.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import type { PlannedStep, ShardPlan } from '../../migrations/plan/plan.js';
import type { Capacity } from './capacity.js';

/**
 * Locks that one statement of a migration takes per tenant, at most: a table with its row type, TOAST table and index,
 * primary key, a foreign key's two ends. An estimate on the safe side; creating a table with an index and a check was
 * measured at 14 for its three.
 */
const LOCKS_PER_STATEMENT = 8;

/** One step may fill half of the lock table: the rest is the application's. */
const SHARE = 0.5;

/** How many tenants of a step fit into the lock table of the smallest server that it touches. Pure. */
export function tenantsThatFit(statements: number, capacities: readonly Capacity[], lanes: number): number {
  const locks = Math.min(...capacities.map((capacity) => capacity.locks));
  return Math.max(1, Math.floor((locks * SHARE) / lanes / (LOCKS_PER_STATEMENT * Math.max(1, statements))));
}

/**
 * Tenants of a step beyond which a larger one is not worth what it costs: what a step needs whatever it is for is about the work
 * of ten tenants, so that a larger one would save less than a tenth; and readers of the veneer wait for all tenants of a step
 * (docs/performance.md, `npm run bench -- batches`).
 */
export const WORTH_WAITING = 100;

/** How many tenants of a shard go into one step; `none`: all of them. */
export type Batch = Config['rollout']['batch'] | 'none';

/**
 * A partitioned table changes when all of its partitions do, those of all tenants of a shard included; and what commits on all
 * shards at once is not cut. Pure.
 */
export const batchFor = (config: Config): Batch =>
  sharesParents(config) || isMesh(config) || config.rollout.atomic === 'fleet'
    ? 'none'
    : config.rollout.batch;

/** What a server, its readers or its owner allow a step to take at once. */
interface BatchLimit {
  readonly tenants: number;
  readonly by: 'lock table' | 'readers' | 'rollout.batch';
}

/** Null: a step takes all tenants. Pure. */
function limitOf(
  { migration: { body } }: PlannedStep,
  batch: Batch,
  capacities: readonly Capacity[],
  lanes: number,
): BatchLimit | null {
  if (batch === 'none') return null;
  if (batch !== 'auto') return { tenants: batch, by: 'rollout.batch' };
  const fitting = tenantsThatFit(body.kind === 'static' ? body.statements.length : 1, capacities, lanes);
  return fitting < WORTH_WAITING
    ? { tenants: fitting, by: 'lock table' }
    : { tenants: WORTH_WAITING, by: 'readers' };
}

/** A migration of a shard that takes several steps, and why. */
export interface Cut {
  readonly migration: string;
  readonly steps: number;
  /** In the largest of them. */
  readonly tenants: number;
  readonly by: BatchLimit['by'];
}

/** The steps of a shard in batches. Pure. */
export function inBatches(
  plan: ShardPlan,
  batch: Batch,
  capacities: readonly Capacity[],
  lanes: number,
): { readonly plan: ShardPlan; readonly cuts: readonly Cut[] } {
  const cuts: Cut[] = [];
  const steps = plan.steps.flatMap((step) => {
    const limit = limitOf(step, batch, capacities, lanes);
    if (limit === null || step.tenants.length <= limit.tenants) return [step];
    const batches = cut(step.tenants, limit);
    const tenants = Math.max(...batches.map(({ length }) => length));
    cuts.push({ migration: step.migration.name, steps: batches.length, tenants, by: limit.by });
    return batches.map((some) => ({ ...step, tenants: some }));
  });
  return { plan: { ...plan, steps }, cuts };
}

/** As even as may be, so that nobody waits for more tenants than needed; a size that is configured is kept. Pure. */
function cut<T>(tenants: readonly T[], { tenants: most, by }: BatchLimit): readonly (readonly T[])[] {
  const steps = Math.ceil(tenants.length / most);
  const size = by === 'rollout.batch' ? most : Math.ceil(tenants.length / steps);
  return Array.from({ length: steps }, (_, index) => tenants.slice(index * size, (index + 1) * size));
}

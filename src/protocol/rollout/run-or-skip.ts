import type { Problem } from '../../errors.js';
import { labelOf } from '../../migrations/migration.js';
import type { LaneRecord } from './lane-end.js';
import { runPlanned, type PlacedPart, type Rollout } from './planned-step.js';
import type { Shared, StepEnd } from '../step/step.js';

/** A step's part on one shard, and what that shard has come to. */
export interface RecordedPart extends PlacedPart {
  readonly record: LaneRecord;
}

/**
 * Runs a step; with on_error skip-tenant again without the tenants in which it fails, which are left out of all
 * further steps of this run. Null where no tenant is left. Nothing is told of an end that is `passed` over.
 */
export async function runOrSkip(
  rollout: Rollout,
  parts: readonly RecordedPart[],
  passed: (end: StepEnd) => boolean,
): Promise<StepEnd | null> {
  const { onError } = rollout.run.config.rollout;
  const [first] = parts;
  if (first === undefined) return null;
  const migration = labelOf(first.planned.migration);
  for (;;) {
    const left = parts.flatMap(withoutSkipped);
    if (left.length === 0) return null;
    const end = await runPlanned(rollout, migration, left, passed);
    if (end.kind !== 'failed' || onError !== 'skip-tenant' || end.failures.length === 0) return end;
    for (const problem of end.failures) skip(parts, migration, problem);
  }
}

/** None where the migration is for tenants, and none of them is left. */
function withoutSkipped(part: RecordedPart): RecordedPart[] {
  const { planned, record } = part;
  const tenants = planned.tenants.filter(({ name }) => !record.skipped.some(({ tenant }) => tenant === name));
  if (planned.tenants.length > 0 && tenants.length === 0) return [];
  return [{ ...part, planned: { ...planned, tenants } }];
}

function skip(parts: readonly RecordedPart[], migration: string, problem: Problem): void {
  const tenant = problem.where?.tenant ?? '';
  const own = parts.find(({ planned }) => planned.tenants.some(({ name }) => name === tenant));
  own?.record.skipped.push({ tenant, migration, problem });
}

/** What a step shares with shards that took no part in it, and how it failed for that. */
export type SharedBy = Shared & { readonly problem: Problem };

/** What a step that failed shares with shards that took no part in it; null: that is not why. */
export const sharedBy = (end: StepEnd | null): SharedBy | null =>
  end === null || end.kind === 'committed' || end.shared === undefined
    ? null
    : { ...end.shared, problem: end.problem };

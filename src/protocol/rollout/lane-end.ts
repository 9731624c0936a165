import { EXIT, type Problem } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import type { PlannedStep, ShardPlan } from '../../migrations/plan/plan.js';
import type { ShardState } from '../../report/progress.js';
import { stopOf, type StepEnd } from '../step/step.js';

/** How one shard came through its steps; `end` null: not started. */
export interface LaneEnd {
  readonly shard: string;
  readonly state: ShardState;
  readonly steps: readonly { readonly planned: PlannedStep; readonly end: StepEnd | null }[];
  readonly problem: Problem | null;
  /** Tenants that were left out because a migration failed in them. */
  readonly skipped: readonly SkippedTenant[];
}

/** A tenant that was left out, the migration that failed in it, and why. */
export interface SkippedTenant {
  readonly tenant: string;
  readonly migration: string;
  readonly problem: Problem;
}

/** What a lane has come to so far; an end is null until its step has one. */
export interface LaneRecord {
  readonly plan: ShardPlan;
  readonly ends: (StepEnd | null)[];
  readonly skipped: SkippedTenant[];
  /** performance.now() when its first step began; null: none did. */
  began: number | null;
  /** What ended the lane itself: a session that could not be opened or replaced. */
  problem: Problem | null;
}

/** The record of a lane that has not begun. */
export const startRecord = (plan: ShardPlan): LaneRecord => ({
  plan,
  ends: plan.steps.map(() => null),
  skipped: [],
  began: null,
  problem: null,
});

/** The steps of one stage, with their places among all of the shard's. */
export const stepsIn = (
  { plan }: LaneRecord,
  migrations: ReadonlySet<Migration>,
): readonly { readonly planned: PlannedStep; readonly at: number }[] =>
  plan.steps
    .map((planned, at) => ({ planned, at }))
    .filter(({ planned }) => migrations.has(planned.migration));

/** Has the shard come through all steps of a stage, with all of its tenants? */
export const isThrough = (record: LaneRecord, migrations: ReadonlySet<Migration>): boolean =>
  record.problem === null &&
  record.skipped.length === 0 &&
  stepsIn(record, migrations).every(({ at }) => isDone(record.ends[at] ?? null));

const isDone = (end: StepEnd | null): boolean => end !== null && stopOf(end) === null;

/** The record as an outcome. Pure. */
export function laneEnd({ plan, ends, skipped, problem }: LaneRecord): LaneEnd {
  const failed = ends.flatMap((end) => (end === null ? [] : (stopOf(end) ?? [])));
  return {
    shard: plan.shard.name,
    state: problem === null ? laneState(ends, skipped) : lostState(problem),
    steps: plan.steps.map((planned, index) => ({ planned, end: ends[index] ?? null })),
    problem: problem ?? failed[0] ?? skipped[0]?.problem ?? null,
    skipped,
  };
}

const lostState = (problem: Problem): ShardState =>
  problem.exitCode === EXIT.unreachable ? 'unreachable' : 'failed';

function laneState(ends: readonly (StepEnd | null)[], skipped: readonly SkippedTenant[]): ShardState {
  if (ends.length === 0) return 'up to date';
  const kinds = ends.map((end) => end?.kind ?? 'not started');
  if (kinds.includes('in doubt')) return 'in doubt';
  if (kinds.includes('failed')) return 'failed';
  if (kinds.includes('interrupted')) return 'interrupted';
  // A hook behind a step that committed.
  const [stop] = ends.flatMap((end) => (end === null ? [] : (stopOf(end) ?? [])));
  if (stop !== undefined) return stop.exitCode === EXIT.interrupted ? 'interrupted' : 'failed';
  if (skipped.length > 0) return 'failed';
  if (kinds.every((kind) => kind === 'committed')) return 'done';
  return kinds.includes('committed') ? 'stopped' : 'not started';
}

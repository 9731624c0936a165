import type { Problem } from '../errors.js';
import { problemOf } from '../errors.js';
import type { Plan, PlannedStep, ShardPlan } from '../migrations/plan.js';
import { inParallel } from '../parallel.js';
import type { ShardState, StepPhase } from '../report/progress.js';
import { withLane, type Affected, type Lane } from './lane.js';
import type { Run } from './run.js';
import { runStep, type StepEnd } from './step.js';
import { forgetAttempts } from './commit.js';

/** How one shard came through its steps; `end` null: not started. */
export interface LaneEnd {
  readonly shard: string;
  readonly state: ShardState;
  readonly steps: readonly { readonly planned: PlannedStep; readonly end: StepEnd | null }[];
  readonly problem: Problem | null;
}

/** What the lanes of one run share. */
interface Rollout {
  readonly run: Run;
  readonly learnt: Map<string, Affected>;
  /** Set by the first failure: the other shards finish the step that they are in. */
  stopped: boolean;
  /** Numbers steps: with the run's id it makes their names. */
  sequence: number;
}

export interface RolloutOptions {
  /** End after the canary shards. */
  readonly canaryOnly: boolean;
}

/**
 * Takes every shard through its pending steps: canary shards first, through all of theirs, then the others side by
 * side. Each shard goes at its own pace; the first failure stops them all at the next step.
 */
export async function rollOut(run: Run, plan: Plan, { canaryOnly }: RolloutOptions): Promise<LaneEnd[]> {
  const rollout: Rollout = { run, learnt: new Map(), stopped: false, sequence: 0 };
  const isCanary = ({ shard }: ShardPlan): boolean => run.config.rollout.canary.includes(shard.name);
  const { concurrency } = run.config.rollout;
  const lane = (shardPlan: ShardPlan): Promise<LaneEnd> => runLane(rollout, shardPlan);
  const canaries = await inParallel(plan.shards.filter(isCanary), concurrency, lane);
  if (canaryOnly) rollout.stopped = true;
  const others = await inParallel(
    plan.shards.filter((shardPlan) => !isCanary(shardPlan)),
    concurrency,
    lane,
  );
  const byShard = new Map([...canaries, ...others].map((end) => [end.shard, end]));
  return plan.shards.flatMap(({ shard }) => byShard.get(shard.name) ?? []);
}

async function runLane(rollout: Rollout, { shard, steps }: ShardPlan): Promise<LaneEnd> {
  const start = performance.now();
  const ends: (StepEnd | null)[] = steps.map(() => null);
  let problem: Problem | null = null;
  try {
    if (steps.length > 0 && !rollout.stopped) {
      await withLane(rollout.run, shard, rollout.learnt, (lane) => runSteps(rollout, lane, steps, ends));
    }
  } catch (error) {
    // A session that could not be opened or replaced; what had happened until then stands in `ends`.
    rollout.stopped = true;
    problem = problemOf(error);
  }
  const state = problem === null ? laneState(ends) : problem.exitCode === 23 ? 'unreachable' : 'failed';
  rollout.run.onProgress({
    type: 'shard ended',
    shard: shard.name,
    state,
    ms: Math.round(performance.now() - start),
  });
  return {
    shard: shard.name,
    state,
    steps: steps.map((planned, index) => ({ planned, end: ends[index] ?? null })),
    problem:
      problem ??
      ends.flatMap((end) => (end === null || end.kind === 'committed' ? [] : [end.problem]))[0] ??
      null,
  };
}

async function runSteps(
  rollout: Rollout,
  lane: Lane,
  steps: readonly PlannedStep[],
  ends: (StepEnd | null)[],
): Promise<void> {
  try {
    for (const [index, planned] of steps.entries()) {
      if (rollout.stopped || rollout.run.signal.aborted) return;
      const end = await runPlanned(rollout, lane, planned, { index: index + 1, of: steps.length });
      ends[index] = end;
      if (end.kind === 'committed') continue;
      rollout.stopped = true;
      return;
    }
  } finally {
    await forgetAttempts(lane.openSessions(), lane.settled);
  }
}

async function runPlanned(
  rollout: Rollout,
  lane: Lane,
  planned: PlannedStep,
  place: { readonly index: number; readonly of: number },
): Promise<StepEnd> {
  const report = (phase: StepPhase, more: { tenantsDone?: number; why?: string; ms?: number } = {}): void =>
    lane.run.onProgress({
      type: 'step',
      shard: lane.shard.name,
      migration: planned.migration.name,
      ...place,
      phase,
      tenants: planned.tenants.length,
      ...more,
    });
  report('running');
  const id = `${lane.run.id}.${(++rollout.sequence).toString(36)}`;
  const onPhase = (phase: StepPhase, tenantsDone?: number, why?: string): void =>
    report(phase, {
      ...(tenantsDone === undefined ? {} : { tenantsDone }),
      ...(why === undefined ? {} : { why }),
    });
  const end = await runStep(lane, { id, planned, onPhase });
  if (end.kind === 'committed') report('committed', { ms: end.result.ms });
  else report('failed', { why: end.problem.message });
  return end;
}

function laneState(ends: readonly (StepEnd | null)[]): ShardState {
  if (ends.length === 0) return 'up to date';
  const kinds = ends.map((end) => end?.kind ?? 'not started');
  if (kinds.includes('in doubt')) return 'in doubt';
  if (kinds.includes('failed')) return 'failed';
  if (kinds.includes('interrupted')) return 'interrupted';
  if (kinds.every((kind) => kind === 'committed')) return 'done';
  return kinds.includes('committed') ? 'stopped' : 'not started';
}

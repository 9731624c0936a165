import type { Problem } from '../errors.js';
import { EXIT, problemOf } from '../errors.js';
import type { Plan, PlannedStep, ShardPlan } from '../migrations/plan.js';
import { inParallel } from '../parallel.js';
import type { ShardState, StepPhase } from '../report/progress.js';
import { withLane, type Affected, type Lane } from './lane.js';
import type { EndedStep } from './history-rows.js';
import { startPhaseClock } from './phase-clock.js';
import { inBatches, lanesThatFit, readCapacity, type Capacity } from './capacity.js';
import { anchorOf, type Run } from './run.js';
import { runStep, type StepEnd } from './step.js';
import { forgetAttempts } from './commit.js';

/** How one shard came through its steps; `end` null: not started. */
export interface LaneEnd {
  readonly shard: string;
  readonly state: ShardState;
  readonly steps: readonly { readonly planned: PlannedStep; readonly end: StepEnd | null }[];
  readonly problem: Problem | null;
  /** Tenants that were left out because a migration failed in them. */
  readonly skipped: readonly SkippedTenant[];
}

export interface SkippedTenant {
  readonly tenant: string;
  readonly migration: string;
  readonly problem: Problem;
}

/** What a lane has come to so far; an end is null until its step has one. */
interface LaneRecord {
  readonly ends: (StepEnd | null)[];
  readonly skipped: SkippedTenant[];
}

/** 1-based number of a step among the shard's. */
interface StepPlace {
  readonly index: number;
  readonly of: number;
}

/** What the lanes of one run share. */
interface Rollout {
  readonly run: Run;
  readonly learnt: Map<string, Affected>;
  /** Set by the first failure: the other shards finish the step that they are in. */
  stopped: boolean;
  /** Numbers steps: with the run's id it makes their names. */
  sequence: number;
  readonly onStepEnd: (step: EndedStep) => void;
}

export interface RolloutOptions {
  /** End after the canary shards. */
  readonly canaryOnly: boolean;
  /** Told of every step that came to an end, whichever it was. */
  readonly onStepEnd?: (step: EndedStep) => void;
}

/**
 * Takes every shard through its pending steps: canary shards first, through all of theirs, then the others side by
 * side. Each shard goes at its own pace; the first failure stops them all at the next step.
 */
export async function rollOut(run: Run, plan: Plan, options: RolloutOptions): Promise<LaneEnd[]> {
  const { canaryOnly, onStepEnd = () => undefined } = options;
  const rollout: Rollout = { run, learnt: new Map(), stopped: false, sequence: 0, onStepEnd };
  const isCanary = ({ shard }: ShardPlan): boolean => run.config.rollout.canary.includes(shard.name);
  const { plans, lanes } = await fitPlans(run, plan);
  const lane = (shardPlan: ShardPlan): Promise<LaneEnd> => runLane(rollout, shardPlan);
  const canaries = await inParallel(plans.filter(isCanary), lanes, lane);
  if (canaryOnly) rollout.stopped = true;
  const others = await inParallel(
    plans.filter((shardPlan) => !isCanary(shardPlan)),
    lanes,
    lane,
  );
  const byShard = new Map([...canaries, ...others].map((end) => [end.shard, end]));
  return plan.shards.flatMap(({ shard }) => byShard.get(shard.name) ?? []);
}

/** Cuts a plan to what the servers have room for, and says so where that changes it. */
async function fitPlans(
  run: Run,
  plan: Plan,
): Promise<{ readonly plans: readonly ShardPlan[]; readonly lanes: number }> {
  const { concurrency, batch } = run.config.rollout;
  const busy = plan.shards.filter(({ steps }) => steps.length > 0);
  if (busy.length === 0) return { plans: plan.shards, lanes: 1 };
  const capacities = new Map<string, Capacity>();
  const members = [...run.config.veneers, ...busy.map(({ shard }) => shard)].map(({ name }) => name);
  await Promise.all(
    members.map(async (name) => void capacities.set(name, await readCapacity(anchorOf(run, name)))),
  );
  const veneers = new Map(
    [...capacities].filter(([name]) => run.config.veneers.some((veneer) => veneer.name === name)),
  );
  const prepares = run.protocol !== 'lock-step' && [...veneers.keys()].every((name) => canPrepare(run, name));
  const wanted = Math.min(concurrency, busy.length);
  const lanes = lanesThatFit(wanted, veneers, prepares);
  if (lanes < wanted)
    run.onProgress({ type: 'notice', text: `${lanes} shards at a time: the veneers have room for no more` });
  const plans = plan.shards.map((shardPlan) => {
    const own = capacities.get(shardPlan.shard.name);
    return inBatches(shardPlan, batch, [...veneers.values(), ...(own === undefined ? [] : [own])], lanes);
  });
  return { plans, lanes };
}

const canPrepare = (run: Run, member: string): boolean =>
  anchorOf(run, member).server.maxPreparedTransactions > 0;

async function runLane(rollout: Rollout, { shard, steps }: ShardPlan): Promise<LaneEnd> {
  const start = performance.now();
  const record: LaneRecord = { ends: steps.map(() => null), skipped: [] };
  const { ends, skipped } = record;
  let problem: Problem | null = null;
  try {
    if (steps.length > 0 && !rollout.stopped) {
      await withLane(rollout.run, shard, rollout.learnt, (lane) => runSteps(rollout, lane, steps, record));
    }
  } catch (error) {
    // A session that could not be opened or replaced; what had happened until then stands in `ends`.
    rollout.stopped = true;
    problem = problemOf(error);
  }
  const state =
    problem === null
      ? laneState(ends, skipped)
      : problem.exitCode === EXIT.unreachable
        ? 'unreachable'
        : 'failed';
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
      skipped[0]?.problem ??
      null,
    skipped,
  };
}

async function runSteps(
  rollout: Rollout,
  lane: Lane,
  steps: readonly PlannedStep[],
  record: LaneRecord,
): Promise<void> {
  try {
    for (const [index, planned] of steps.entries()) {
      if (rollout.stopped || rollout.run.signal.aborted) return;
      const end = await runOrSkip(
        rollout,
        lane,
        planned,
        { index: index + 1, of: steps.length },
        record.skipped,
      );
      record.ends[index] = end;
      if (end === null || end.kind === 'committed') continue;
      // on_error continue: the other shards go on; this one cannot, what follows may need what failed.
      rollout.stopped ||= rollout.run.config.rollout.onError === 'stop' || end.kind !== 'failed';
      return;
    }
  } finally {
    await forgetAttempts(lane.openSessions(), lane.settled);
  }
}

/**
 * Runs a step; with on_error skip-tenant again without the tenants in which it fails, which are left out of all
 * further steps of this run. Null where no tenant is left.
 */
async function runOrSkip(
  rollout: Rollout,
  lane: Lane,
  planned: PlannedStep,
  place: StepPlace,
  skipped: SkippedTenant[],
): Promise<StepEnd | null> {
  const { onError } = rollout.run.config.rollout;
  for (;;) {
    const tenants = planned.tenants.filter(({ name }) => !skipped.some(({ tenant }) => tenant === name));
    if (tenants.length === 0) return null;
    const end = await runPlanned(rollout, lane, { ...planned, tenants }, place);
    if (end.kind !== 'failed' || onError !== 'skip-tenant' || end.failures.length === 0) return end;
    for (const problem of end.failures) {
      skipped.push({ tenant: problem.where?.tenant ?? '', migration: planned.migration.name, problem });
    }
  }
}

async function runPlanned(
  rollout: Rollout,
  lane: Lane,
  planned: PlannedStep,
  place: StepPlace,
): Promise<StepEnd> {
  const clock = startPhaseClock();
  const report = (phase: StepPhase, more: { tenantsDone?: number; why?: string; ms?: number } = {}): void => {
    clock.note(phase, more.why);
    lane.run.onProgress({
      type: 'step',
      shard: lane.shard.name,
      migration: planned.migration.name,
      ...place,
      phase,
      tenants: planned.tenants.length,
      ...more,
    });
  };
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
  rollout.onStepEnd({ id, shard: lane.shard.name, planned, end, ...clock.read() });
  return end;
}

function laneState(ends: readonly (StepEnd | null)[], skipped: readonly SkippedTenant[]): ShardState {
  if (ends.length === 0) return 'up to date';
  const kinds = ends.map((end) => end?.kind ?? 'not started');
  if (kinds.includes('in doubt')) return 'in doubt';
  if (kinds.includes('failed')) return 'failed';
  if (kinds.includes('interrupted')) return 'interrupted';
  if (skipped.length > 0) return 'failed';
  if (kinds.every((kind) => kind === 'committed')) return 'done';
  return kinds.includes('committed') ? 'stopped' : 'not started';
}

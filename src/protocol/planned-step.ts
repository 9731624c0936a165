import { labelOf } from '../migrations/migration.js';
import type { PlannedStep } from '../migrations/plan.js';
import type { StepPhase } from '../report/progress.js';
import { shardJob } from './attempt.js';
import type { StepPart } from './group.js';
import type { EndedStep } from './history-rows.js';
import type { Affected, Lane } from './lane.js';
import { runStepWithoutTransaction } from './no-transaction-step.js';
import { startPhaseClock } from './phase-clock.js';
import type { Run } from './run.js';
import { runStep, type StepEnd } from './step.js';

/** What the lanes of one run share. */
export interface Rollout {
  readonly run: Run;
  readonly learnt: Map<string, Affected>;
  /** Set by the first failure: the other shards finish the step that they are in. */
  stopped: boolean;
  /** Numbers steps: with the run's id it makes their names. */
  sequence: number;
  readonly onStepEnd: (step: EndedStep) => void;
}

/** What a step does on one shard, and which number (1-based) it is among the shard's. */
export interface PlacedPart {
  readonly lane: Lane;
  readonly planned: PlannedStep;
  readonly index: number;
  readonly of: number;
}

/** Runs one migration on a group of shards, telling progress and history of each. */
export async function runPlanned(
  rollout: Rollout,
  migration: string,
  placed: readonly PlacedPart[],
): Promise<StepEnd> {
  const id = `${rollout.run.id}.${(++rollout.sequence).toString(36)}`;
  const clocks = placed.map((part) => ({ part, ...reporter(rollout, part) }));
  for (const { report } of clocks) report('running');
  const parts = clocks.map(({ part: { lane, planned }, report }): StepPart => ({
    lane,
    planned,
    onPhase: (phase, tenantsDone, why) =>
      report(phase, {
        ...(tenantsDone === undefined ? {} : { tenantsDone }),
        ...(why === undefined ? {} : { why }),
      }),
  }));
  const alone = parts.some(({ planned }) => planned.migration.transaction === 'none');
  const step = { id, migration, parts };
  const end = await (alone
    ? runStepWithoutTransaction(rollout.run, step)
    : runStep(rollout.run, shardJob(step)));
  for (const { part, report, clock } of clocks) {
    if (end.kind === 'committed') report('committed', { ms: end.result.ms });
    else report('failed', { why: end.problem.message });
    rollout.onStepEnd({ id, shard: part.lane.shard.name, planned: part.planned, end, ...clock.read() });
  }
  return end;
}

type Report = (phase: StepPhase, more?: { tenantsDone?: number; why?: string; ms?: number }) => void;

function reporter(
  { run }: Rollout,
  { lane, planned, index, of }: PlacedPart,
): { readonly report: Report; readonly clock: ReturnType<typeof startPhaseClock> } {
  const clock = startPhaseClock();
  const step = {
    shard: lane.shard.name,
    migration: labelOf(planned.migration),
    tenants: planned.tenants.length,
    index,
    of,
  };
  const report: Report = (phase, more = {}) => {
    clock.note(phase, more.why);
    run.onProgress({ type: 'step', ...step, phase, ...more });
  };
  return { report, clock };
}

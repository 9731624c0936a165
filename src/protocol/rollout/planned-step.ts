import { labelOf } from '../../migrations/migration.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import type { StepPhase } from '../../report/progress.js';
import { shardJob } from '../step/attempt.js';
import type { StepPart } from '../group/group.js';
import type { EndedStep } from '../history/history-rows.js';
import type { HookedStep } from '../hooks/hook-facts.js';
import { hooksAfter, hooksBefore } from './hooked-step.js';
import type { Affected, Lane } from '../lane/lane.js';
import { runStepWithoutTransaction } from '../no-transaction/no-transaction-step.js';
import { startPhaseClock, type PhaseClock } from '../history/phase-clock.js';
import type { Run } from '../run/run.js';
import { runStep, type StepEnd } from '../step/step.js';

/** What the lanes of one run share. */
export interface Rollout {
  readonly run: Run;
  readonly learnt: Map<string, Affected>;
  /** No step of the veneers, which may fill tables, comes behind those of the shards. */
  readonly endsOnShards: boolean;
  /** Set by the first failure: the other shards finish the step that they are in, and none begins another one. */
  stopped: boolean;
  /** Numbers steps: with the run's id it makes their names. */
  sequence: number;
  readonly onStepEnd: (step: EndedStep) => void;
}

/** A step of one shard, and which number (1-based) it is among the shard's. */
export interface Placed {
  readonly shard: string;
  readonly planned: PlannedStep;
  readonly index: number;
  readonly of: number;
}

/** What a step does on one shard. */
export interface PlacedPart extends Placed {
  readonly lane: Lane;
}

/** Runs one migration on a group of shards, telling progress and history of each; nothing of an end that is `passed` over. */
export async function runPlanned(
  rollout: Rollout,
  migration: string,
  placed: readonly PlacedPart[],
  passed: (end: StepEnd) => boolean = () => false,
): Promise<StepEnd> {
  const id = nextId(rollout);
  const told = placed.map((part) => ({ part, ...reporter(rollout, part) }));
  for (const { report } of told) report('running');
  const parts = told.map(({ part: { lane, planned }, report }): StepPart => ({
    lane,
    planned,
    onPhase: (phase, tenantsDone, why) =>
      report(phase, {
        ...(tenantsDone === undefined ? {} : { tenantsDone }),
        ...(why === undefined ? {} : { why }),
      }),
  }));
  const hooked = hookedStep(rollout, id, migration, placed);
  const refused = await hooksBefore(rollout.run, hooked);
  const alone = parts.some(({ planned }) => planned.migration.transaction === 'none');
  const step = { id, migration, parts };
  const run = (): Promise<StepEnd> =>
    alone ? runStepWithoutTransaction(rollout.run, step) : runStep(rollout.run, shardJob(step));
  const end = refused ?? (await run());
  if (!passed(end)) for (const { part, ...one } of told) tellEnd(rollout, id, part, { ...one, end });
  return refused ?? hooksAfter(rollout.run, hooked, end);
}

function hookedStep(
  { run: { config } }: Rollout,
  step: string,
  migration: string,
  placed: readonly PlacedPart[],
): HookedStep {
  const [first] = placed;
  if (first === undefined) throw new Error('a step has a part');
  return {
    step,
    migration,
    scope: first.planned.migration.scope,
    direction: first.planned.direction,
    shards: placed.map(({ lane, planned }) => ({
      shard: lane.shard.name,
      tenants: planned.tenants.map(({ name }) => name),
    })),
    veneers: config.veneers.map(({ name }) => name),
  };
}

/** Tells progress and history of a step that ended before it began. */
export function endUnbegun(rollout: Rollout, placed: readonly Placed[], end: StepEnd): void {
  const id = nextId(rollout);
  for (const part of placed) tellEnd(rollout, id, part, { ...reporter(rollout, part), end });
}

/** Tells that a step waits, and for whom. */
export const tellWaiting = (rollout: Rollout, placed: Placed, why: string): void =>
  reporter(rollout, placed).report('waiting', { why });

const nextId = (rollout: Rollout): string => `${rollout.run.id}.${(++rollout.sequence).toString(36)}`;

function tellEnd(
  { onStepEnd }: Rollout,
  id: string,
  { shard, planned }: Placed,
  { report, clock, end }: Reporter & { readonly end: StepEnd },
): void {
  if (end.kind === 'committed') report('committed', { ms: end.result.ms });
  else report('failed', { why: end.problem.message });
  onStepEnd({ id, shard, planned, end, ...clock.read() });
}

interface Reporter {
  readonly report: Report;
  readonly clock: PhaseClock;
}

type Report = (phase: StepPhase, more?: { tenantsDone?: number; why?: string; ms?: number }) => void;

function reporter({ run }: Rollout, { shard, planned, index, of }: Placed): Reporter {
  const clock = startPhaseClock();
  const step = {
    shard,
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

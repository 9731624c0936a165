import { problemOf } from '../errors.js';
import { labelOf } from '../migrations/migration.js';
import type { PlannedStep, ShardPlan } from '../migrations/plan.js';
import { forgetAttempts } from './commit.js';
import { laneEnd, startRecord, type LaneEnd, type LaneRecord } from './lane-end.js';
import { withLane } from './lane.js';
import { runPlanned, type PlacedPart, type Rollout } from './planned-step.js';
import type { StepEnd } from './step.js';

/** Takes one shard through its steps, at its own pace. A failure is an outcome, never thrown. */
export async function runLane(rollout: Rollout, plan: ShardPlan): Promise<LaneEnd> {
  const start = performance.now();
  const record = startRecord(plan);
  try {
    if (plan.steps.length > 0 && !rollout.stopped) {
      await withLane(rollout.run, plan.shard, rollout.learnt, async (lane) => {
        try {
          await runSteps(rollout, record, (planned, index) => ({
            lane,
            planned,
            index: index + 1,
            of: plan.steps.length,
          }));
        } finally {
          await forgetAttempts(lane.openSessions(), lane.settled);
        }
      });
    }
  } catch (error) {
    rollout.stopped = true;
    record.problem = problemOf(error);
  }
  const end = laneEnd(record);
  const ms = Math.round(performance.now() - start);
  rollout.run.onProgress({ type: 'shard ended', shard: end.shard, state: end.state, ms });
  return end;
}

type Place = (planned: PlannedStep, index: number) => PlacedPart;

async function runSteps(rollout: Rollout, record: LaneRecord, place: Place): Promise<void> {
  for (const [index, planned] of record.plan.steps.entries()) {
    if (rollout.stopped || rollout.run.signal.aborted) return;
    // It comes after what the skipped tenants lack, and so does all that follows it.
    if (planned.migration.scope === 'shard' && record.skipped.length > 0) return;
    const end = await runOrSkip(rollout, record, place(planned, index));
    record.ends[index] = end;
    if (end === null || end.kind === 'committed') continue;
    // on_error continue: the other shards go on; this one cannot, what follows may need what failed.
    rollout.stopped ||= rollout.run.config.rollout.onError === 'stop' || end.kind !== 'failed';
    return;
  }
}

/**
 * Runs a step; with on_error skip-tenant again without the tenants in which it fails, which are left out of all
 * further steps of this run. Null where no tenant is left.
 */
async function runOrSkip(
  rollout: Rollout,
  { skipped }: LaneRecord,
  part: PlacedPart,
): Promise<StepEnd | null> {
  const { onError } = rollout.run.config.rollout;
  const migration = labelOf(part.planned.migration);
  for (;;) {
    const tenants = part.planned.tenants.filter(({ name }) => !skipped.some(({ tenant }) => tenant === name));
    if (part.planned.tenants.length > 0 && tenants.length === 0) return null;
    const end = await runPlanned(rollout, migration, [{ ...part, planned: { ...part.planned, tenants } }]);
    if (end.kind !== 'failed' || onError !== 'skip-tenant' || end.failures.length === 0) return end;
    for (const problem of end.failures)
      skipped.push({ tenant: problem.where?.tenant ?? '', migration, problem });
  }
}

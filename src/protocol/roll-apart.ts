import { problemOf } from '../errors.js';
import { labelOf, type Migration } from '../migrations/migration.js';
import type { PlannedStep } from '../migrations/plan.js';
import { forgetAttempts } from './commit.js';
import { stepsIn, type LaneRecord } from './lane-end.js';
import { withLane } from './lane.js';
import { runPlanned, type PlacedPart, type Rollout } from './planned-step.js';
import type { StepEnd } from './step.js';

/** Takes one shard through its steps of a stage, at its own pace. A failure is an outcome in its record, never thrown. */
export async function runLane(
  rollout: Rollout,
  record: LaneRecord,
  migrations: ReadonlySet<Migration>,
): Promise<void> {
  const { plan } = record;
  if (stepsIn(record, migrations).length === 0 || rollout.stopped) return;
  record.began ??= performance.now();
  try {
    await withLane(rollout.run, plan.shard, rollout.learnt, async (lane) => {
      const place: Place = (planned, at) => ({ lane, planned, index: at + 1, of: plan.steps.length });
      try {
        await runSteps(rollout, record, migrations, place);
      } finally {
        await forgetAttempts(lane.openSessions(), lane.settled);
      }
    });
  } catch (error) {
    rollout.stopped = true;
    record.problem = problemOf(error);
  }
}

type Place = (planned: PlannedStep, at: number) => PlacedPart;

async function runSteps(
  rollout: Rollout,
  record: LaneRecord,
  migrations: ReadonlySet<Migration>,
  place: Place,
): Promise<void> {
  for (const { planned, at: index } of stepsIn(record, migrations)) {
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

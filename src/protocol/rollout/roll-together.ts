import { problemOf } from '../../errors.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import { forgetAttempts } from '../step/commit.js';
import { stepsIn, type LaneRecord } from './lane-end.js';
import type { Lane } from '../lane/lane.js';
import { runPlanned, type Rollout } from './planned-step.js';
import type { RecordedPart } from './run-or-skip.js';
import { stopOf, type StepEnd } from '../step/step.js';
import { withLanes } from './with-lanes.js';

/**
 * `--atomic fleet`: each migration is one step over all shards that need it, on all or none. The first one that does
 * not commit everywhere ends the run; canary shards and on_error have no say, since no shard goes ahead.
 */
export async function rollTogether(
  rollout: Rollout,
  records: readonly LaneRecord[],
  migrations: ReadonlySet<Migration>,
): Promise<void> {
  const busy = records.filter((record) => stepsIn(record, migrations).length > 0);
  for (const record of busy) record.began ??= performance.now();
  try {
    await rollout.run.spares.close();
    await withLanes(rollout, busy, async (lanes) => {
      try {
        await runAll(rollout, busy, lanes, migrations);
      } finally {
        await Promise.all(lanes.map(forgetAttempts));
      }
    });
  } catch (error) {
    rollout.stopped = true;
    for (const record of records) record.problem = problemOf(error);
  }
}

async function runAll(
  rollout: Rollout,
  records: readonly LaneRecord[],
  lanes: readonly Lane[],
  migrations: ReadonlySet<Migration>,
): Promise<void> {
  for (const migration of migrations) {
    if (rollout.run.signal.aborted) return;
    const end = await runEverywhere(rollout, migration, records, lanes);
    rollout.stopped ||= stopOf(end) !== null;
    if (rollout.stopped) return;
  }
}

async function runEverywhere(
  rollout: Rollout,
  wanted: Migration,
  records: readonly LaneRecord[],
  lanes: readonly Lane[],
): Promise<StepEnd> {
  const parts = records.flatMap((record, at) => {
    const index = record.plan.steps.findIndex(({ migration }) => migration === wanted);
    const [planned, lane] = [record.plan.steps[index], lanes[at]];
    if (planned === undefined || lane === undefined) return [];
    const shard = record.plan.shard.name;
    return [{ record, shard, lane, planned, index: index + 1, of: record.plan.steps.length }];
  });
  return inGroups(parts, async (group) => {
    const end = await runPlanned(rollout, labelOf(wanted), group);
    for (const { record, index } of group) record.ends[index - 1] = end;
    return end;
  });
}

/** All at once; what has no transaction cannot commit together, and goes through shard after shard. */
async function inGroups(
  parts: readonly RecordedPart[],
  run: (group: readonly RecordedPart[]) => Promise<StepEnd>,
): Promise<StepEnd> {
  const [first, ...rest] = parts;
  if (first?.planned.migration.transaction !== 'none') return run(parts);
  const end = await run([first]);
  return stopOf(end) === null && rest.length > 0 ? inGroups(rest, run) : end;
}

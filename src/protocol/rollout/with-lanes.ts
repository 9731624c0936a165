import type { LaneRecord } from './lane-end.js';
import { withLane, type Lane } from '../lane/lane.js';
import type { Rollout } from './planned-step.js';

/** Borrows a lane per record, in the same order, all open at the same time, for the time of `work`. */
export const withLanes = <T>(
  rollout: Rollout,
  records: readonly LaneRecord[],
  work: (lanes: readonly Lane[]) => Promise<T>,
): Promise<T> => open(rollout, records, [], work);

async function open<T>(
  rollout: Rollout,
  [record, ...rest]: readonly LaneRecord[],
  opened: readonly Lane[],
  work: (lanes: readonly Lane[]) => Promise<T>,
): Promise<T> {
  if (record === undefined) return work(opened);
  return withLane(rollout.run, record.plan.shard, rollout.learnt, (lane) =>
    open(rollout, rest, [...opened, lane], work),
  );
}

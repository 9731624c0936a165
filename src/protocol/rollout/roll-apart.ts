import { problemOf } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import {
  goesOn,
  mayBegin,
  noteEnd,
  placedOf,
  startLane,
  takesPart,
  type Apart,
  type ApartLane,
} from './apart.js';
import { attend } from './attend.js';
import { newChanges } from '../run/changes.js';
import { forgetAttempts } from '../step/commit.js';
import type { LaneRecord } from './lane-end.js';
import { withLane, type Lane } from '../lane/lane.js';
import { callMeeting, meetingOf } from './meeting.js';
import { newPermits } from '../run/permits.js';
import { forgetEmpty } from './pages.js';
import type { Rollout } from './planned-step.js';
import { runOrSkip, sharedBy } from './run-or-skip.js';

/** How a stage is gone through. */
export interface ApartOptions {
  /** How many shards at a time. */
  readonly lanes: number;
  readonly canaryOnly: boolean;
  readonly refuseUnfit: Apart['refuseUnfit'];
  /** Told when a shard has come as far as it does in this stage. */
  readonly onOver: (record: LaneRecord) => void;
}

/**
 * Takes shards through their steps of a stage, each at its own pace, canary shards first. Those that share what a step
 * changes meet for it. A failure is an outcome in its shard's record, never thrown.
 */
export async function rollApart(
  rollout: Rollout,
  records: readonly LaneRecord[],
  migrations: ReadonlySet<Migration>,
  { lanes, canaryOnly, refuseUnfit, onOver }: ApartOptions,
): Promise<void> {
  const { canary } = rollout.run.config.rollout;
  const apart: Apart = {
    rollout,
    refuseUnfit,
    canaryOnly,
    order: new Map([...migrations].map((migration, place) => [migration, place])),
    lanes: records.map((record) => startLane(record, canary, migrations)),
    meetings: [],
    permits: newPermits(lanes),
    changes: newChanges(),
  };
  const { signal } = rollout.run;
  signal.addEventListener('abort', apart.changes.tell);
  try {
    await Promise.all(
      apart.lanes
        .filter((lane) => takesPart(apart, lane))
        .map(async (lane) => {
          await runLane(apart, lane);
          onOver(lane.record);
        }),
    );
  } finally {
    signal.removeEventListener('abort', apart.changes.tell);
  }
  if (canaryOnly) rollout.stopped = true;
}

async function runLane(apart: Apart, lane: ApartLane): Promise<void> {
  try {
    while (goesOn(apart, lane)) {
      if (meetingOf(apart, lane) !== undefined) await attend(apart, lane);
      else if (mayBegin(apart, lane)) await runStretch(apart, lane);
      else await apart.changes.next();
    }
  } finally {
    lane.state = 'over';
    apart.changes.tell();
  }
}

/** Step after step on one set of connections, until it has to wait for other shards, which it does without them. */
async function runStretch(apart: Apart, lane: ApartLane): Promise<void> {
  const { rollout, permits, changes } = apart;
  const { record } = lane;
  const goesAlone = (): boolean =>
    goesOn(apart, lane) && meetingOf(apart, lane) === undefined && mayBegin(apart, lane);
  const giveBack = await permits.take(1);
  try {
    if (!goesAlone()) return;
    record.began ??= performance.now();
    await withLane(rollout.run, record.plan.shard, rollout.learnt, async (open) => {
      try {
        while (goesAlone()) await runNext(apart, lane, open);
      } finally {
        await forgetAttempts(open);
      }
      if (rollout.endsOnShards && record.ends.every((end) => end !== null)) await forgetEmpty(open);
    });
  } catch (error) {
    rollout.stopped = true;
    record.problem = problemOf(error);
  } finally {
    giveBack();
    changes.tell();
  }
}

async function runNext(apart: Apart, lane: ApartLane, open: Lane): Promise<void> {
  const { rollout, changes } = apart;
  const part = { ...placedOf(lane), lane: open, record: lane.record };
  const end = await runOrSkip(rollout, [part], (one) => sharedBy(one) !== null);
  const shared = sharedBy(end);
  // It was rolled back, and runs again when those have come to it with whom the shard shares what it changes.
  if (shared !== null) callMeeting(apart, lane, shared);
  else noteEnd(apart, lane, end);
  changes.tell();
}

import type { Problem } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import type { Changes } from '../run/changes.js';
import { stepsIn, type LaneRecord } from './lane-end.js';
import type { Permits } from '../run/permits.js';
import type { Placed, Rollout } from './planned-step.js';
import { stopOf, type StepEnd } from '../step/step.js';

/** The shards of a stage, each at its own pace, and what they look at of each other. */
export interface Apart {
  readonly rollout: Rollout;
  /** Of the stage, with their places in its order. */
  readonly order: ReadonlyMap<Migration, number>;
  /** In the plan's order. */
  readonly lanes: readonly ApartLane[];
  /** The other shards do not take part. */
  readonly canaryOnly: boolean;
  readonly meetings: Meeting[];
  readonly permits: Permits;
  /** Told whenever a lane moves, or the run is asked to end. */
  readonly changes: Changes;
  /** Throws (exit 20) where the servers have no room for a step of these shards. */
  readonly refuseUnfit: (shards: readonly string[]) => void;
}

/** How one shard stands. */
export interface ApartLane {
  readonly shard: string;
  readonly record: LaneRecord;
  readonly isCanary: boolean;
  readonly steps: ReturnType<typeof stepsIn>;
  /** Which of its steps it has come to. */
  next: number;
  state: LaneState;
}

/** `waiting`: for shards with which it shares what its next step changes; `in step`: with them. */
export type LaneState = 'underway' | 'waiting' | 'in step' | 'over';

/** Whoever a canary shard needs catches up with it; where it has nothing to do it is out of the way at once. */
export const startLane = (
  record: LaneRecord,
  canary: readonly string[],
  migrations: ReadonlySet<Migration>,
): ApartLane => {
  const { name, key } = record.plan.shard;
  const steps = stepsIn(record, migrations);
  const state = steps.length === 0 ? 'over' : 'underway';
  return { shard: name, record, isCanary: canary.includes(key), steps, next: 0, state };
};

/** Shards that have to run a migration in one step, since each shows what it changes (PROTOCOL section 3). */
export interface Meeting {
  readonly migration: Migration;
  /** Their names. */
  readonly shards: Set<string>;
  /** For people: what they share. */
  readonly what: string;
  /** What the shard was told that found it out. */
  readonly problem: Problem;
  /** Why it cannot be. */
  refused: Problem | null;
}

/** The migration that a lane has come to. */
export const nextOf = ({ steps, next }: ApartLane): Migration | undefined => steps[next]?.planned.migration;

/** Is another step to be run on it? Not after one that failed, nor when the run is to end. */
export function goesOn({ rollout }: Apart, lane: ApartLane): boolean {
  const next = nextOf(lane);
  if (next === undefined || isEnding(rollout) || isStuck(lane)) return false;
  // It comes after what the skipped tenants lack, and so does all that follows it.
  return next.scope !== 'shard' || lane.record.skipped.length === 0;
}

/** Does the run end: by a failure that stops all shards, or because the user asked? */
export const isEnding = ({ stopped, run }: Rollout): boolean => stopped || run.signal.aborted;

/** Has the shard failed, so that nothing more is run there? */
export const isStuck = ({ record: { ends, problem } }: ApartLane): boolean =>
  problem !== null || ends.some((end) => end !== null && stopOf(end) !== null);

/**
 * Canary shards go first, as far as they can by themselves. Where one waits for others, those catch up with it, and go
 * no further than it has come.
 */
export const mayBegin = (apart: Apart, lane: ApartLane): boolean =>
  lane.isCanary ||
  apart.lanes.every(
    (one) =>
      !one.isCanary ||
      one.state === 'over' ||
      (one.state !== 'underway' && placeOf(apart, one) > placeOf(apart, lane)),
  );

/** `--canary`: the others stay where they are. */
export const takesPart = ({ canaryOnly }: Apart, { isCanary }: ApartLane): boolean => isCanary || !canaryOnly;

/** How far a lane has come, in the order of the stage. */
export function placeOf({ order }: Apart, lane: ApartLane): number {
  const next = nextOf(lane);
  return next === undefined ? Infinity : (order.get(next) ?? Infinity);
}

/** The step that a lane has come to, for progress and history. */
export function placedOf({ shard, record, steps, next }: ApartLane): Placed {
  const step = steps[next];
  if (step === undefined) throw new Error(`${shard} has come to its end`);
  return { shard, planned: step.planned, index: step.at + 1, of: record.plan.steps.length };
}

/** Notes the end of the step that a lane had come to; null: none of its tenants was left. */
export function noteEnd({ rollout }: Apart, lane: ApartLane, end: StepEnd | null): void {
  const step = lane.steps[lane.next++];
  if (step !== undefined) lane.record.ends[step.at] = end;
  lane.state = 'underway';
  if (end === null || stopOf(end) === null) return;
  // on_error continue: the other shards go on; this one cannot, what follows may need what failed.
  const isFailure = end.kind === 'failed' || end.kind === 'committed';
  rollout.stopped ||= rollout.run.config.rollout.onError === 'stop' || !isFailure;
}

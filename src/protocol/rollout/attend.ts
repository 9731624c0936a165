import { problemOf, type Problem } from '../../errors.js';
import { goesOn, isEnding, noteEnd, placedOf, type Apart, type ApartLane, type Meeting } from './apart.js';
import { forgetAttempts } from '../step/commit.js';
import { arrivedAt, awaitedAt, callMeeting, endMeeting, meetingOf, obstacleTo } from './meeting.js';
import { endUnbegun, tellWaiting } from './planned-step.js';
import { runOrSkip, sharedBy } from './run-or-skip.js';
import type { StepEnd } from '../step/step.js';
import { withLanes } from './with-lanes.js';

/**
 * Waits, without a connection and without a permit, until all with whom the lane shares what its next step changes have
 * come to that step; whoever sees that first runs it for all of them. Comes back when the step has ended, when it was
 * refused because somebody will not come, or when the run is to end.
 *
 * No two lanes wait for each other: all go through their migrations in one order, so that a lane waits only for such as
 * have not come further, and one that has come least far waits for nobody who waits for it.
 */
export async function attend(apart: Apart, lane: ApartLane): Promise<void> {
  lane.state = 'waiting';
  apart.changes.tell();
  for (let told = ''; ;) {
    // Between what is seen here and what is done there is no await: nobody else sees it, and does it, too.
    const meeting = meetingOf(apart, lane);
    if (isInStep(lane)) {
      await apart.changes.next();
    } else if (meeting === undefined || !goesOn(apart, lane)) {
      break;
    } else {
      const obstacle = obstacleTo(apart, meeting);
      const awaited = awaitedAt(apart, meeting);
      if (obstacle !== null) refuse(apart, meeting, obstacle);
      else if (awaited.length === 0) await hold(apart, meeting);
      else {
        const why = `for ${awaited.join(', ')}: others show ${meeting.what}, too`;
        if (why !== told) tellWaiting(apart.rollout, placedOf(lane), why);
        told = why;
        await apart.changes.next();
      }
    }
  }
  lane.state = 'underway';
  apart.changes.tell();
}

const isInStep = ({ state }: ApartLane): boolean => state === 'in step';

/** The step fails on all that are there; who comes later is told the same. */
function refuse(apart: Apart, meeting: Meeting, problem: Problem): void {
  meeting.refused = problem;
  endFor(apart, arrivedAt(apart, meeting), failed(problem));
}

const failed = (problem: Problem): StepEnd => ({ kind: 'failed', problem, failures: [], attempts: 0 });

/** Of a step that did not begin. */
function endFor(apart: Apart, lanes: readonly ApartLane[], end: StepEnd): void {
  endUnbegun(apart.rollout, lanes.map(placedOf), end);
  for (const lane of lanes) noteEnd(apart, lane, end);
  apart.changes.tell();
}

/** Runs the step for all of its shards. A permit for each of them, as far as there are so many: they work at the same time. */
async function hold(apart: Apart, meeting: Meeting): Promise<void> {
  const lanes = arrivedAt(apart, meeting);
  for (const lane of lanes) {
    lane.state = 'in step';
    lane.record.began ??= performance.now();
  }
  const giveBack = await apart.permits.take(lanes.length);
  try {
    if (!isEnding(apart.rollout)) await runMeeting(apart, meeting, lanes);
  } catch (error) {
    apart.rollout.stopped = true;
    for (const { record } of lanes) record.problem = problemOf(error);
  } finally {
    giveBack();
    for (const lane of lanes) if (isInStep(lane)) lane.state = 'waiting';
    apart.changes.tell();
  }
}

/** Whom the meeting has already, and who has no tenant left for the step (skip-tenant), would only be called again and again. */
const isSharedBeyond = ({ shards }: Meeting, end: StepEnd | null): boolean =>
  sharedBy(end)?.lacking.some((shard) => !shards.has(shard)) === true;

async function runMeeting(apart: Apart, meeting: Meeting, lanes: readonly ApartLane[]): Promise<void> {
  const { rollout } = apart;
  try {
    apart.refuseUnfit([...meeting.shards]);
  } catch (error) {
    return endFor(apart, lanes, failed(problemOf(error)));
  }
  await rollout.run.spares.close();
  const records = lanes.map(({ record }) => record);
  const end = await withLanes(rollout, records, async (open) => {
    const parts = open.flatMap((lane, index) => {
      const of = lanes[index];
      return of === undefined ? [] : [{ ...placedOf(of), lane, record: of.record }];
    });
    try {
      return await runOrSkip(rollout, parts, (one) => isSharedBeyond(meeting, one));
    } finally {
      await Promise.all(open.map((one) => forgetAttempts(one)));
    }
  });
  const shared = sharedBy(end);
  const [first] = lanes;
  // A veneer, or a type, that the shard which found it out did not reach.
  if (shared !== null && first !== undefined && isSharedBeyond(meeting, end))
    return callMeeting(apart, first, shared);
  // What is left of the migration, other batches say, may run by itself.
  endMeeting(apart, meeting);
  for (const lane of lanes) noteEnd(apart, lane, end);
}

import type { Problem } from '../../errors.js';
import { labelOf } from '../../migrations/migration.js';
import { isStuck, nextOf, placeOf, takesPart, type Apart, type ApartLane, type Meeting } from './apart.js';
import type { SharedBy } from './run-or-skip.js';

/** The meeting that a lane has come to. */
export const meetingOf = ({ meetings }: Apart, lane: ApartLane): Meeting | undefined =>
  meetings.find(({ migration, shards }) => migration === nextOf(lane) && shards.has(lane.shard));

/** Calls these shards together for the step that a lane has come to; and those with whom they are to meet already. */
export function callMeeting(apart: Apart, lane: ApartLane, { what, lacking, problem }: SharedBy): void {
  const migration = nextOf(lane);
  if (migration === undefined) return;
  const shards = new Set([lane.shard, ...lacking]);
  const met = apart.meetings.filter(
    (one) => one.migration === migration && [...one.shards].some((shard) => shards.has(shard)),
  );
  for (const one of met) {
    endMeeting(apart, one);
    for (const shard of one.shards) shards.add(shard);
  }
  apart.meetings.push({ what, problem, refused: null, ...met[0], migration, shards });
}

/** Takes a meeting off the list, held or not. */
export const endMeeting = ({ meetings }: Apart, meeting: Meeting): void =>
  void meetings.splice(meetings.indexOf(meeting), 1);

/** Those that have come to the step. */
export const arrivedAt = ({ lanes }: Apart, { migration, shards }: Meeting): ApartLane[] =>
  lanes.filter((lane) => lane.state === 'waiting' && nextOf(lane) === migration && shards.has(lane.shard));

/**
 * Whom those who have arrived wait for: who takes part, and whoever else has not come so far. What that one runs until
 * then may make it share the object as it was, and then it could neither show it nor change it any more.
 */
export function awaitedAt(apart: Apart, meeting: Meeting): string[] {
  const there = arrivedAt(apart, meeting);
  const place = apart.order.get(meeting.migration) ?? 0;
  return apart.lanes
    .filter((lane) => !there.includes(lane))
    .filter((lane) => meeting.shards.has(lane.shard) || isBehind(apart, lane, place))
    .map(({ shard }) => shard);
}

const isBehind = (apart: Apart, lane: ApartLane, place: number): boolean =>
  takesPart(apart, lane) && lane.state !== 'over' && placeOf(apart, lane) < place;

/** Why a meeting cannot be: somebody will not come, and that is for good. Null: all are there or on their way. Pure. */
export function obstacleTo(apart: Apart, meeting: Meeting): Problem | null {
  if (meeting.refused !== null) return meeting.refused;
  for (const shard of meeting.shards) {
    const absence = absenceOf(apart, meeting, shard);
    if (absence === null) continue;
    const others = [...meeting.shards].filter((other) => other !== shard);
    const why = `${labelOf(meeting.migration)} has to run on ${others.join(', ')} and ${shard} in one step: ${absence.why}`;
    const { detail } = meeting.problem;
    return {
      ...meeting.problem,
      detail: detail === undefined ? why : `${detail}\n${why}`,
      hint: absence.hint,
    };
  }
  return null;
}

interface Absence {
  readonly why: string;
  readonly hint: string;
}

function absenceOf(apart: Apart, { migration }: Meeting, shard: string): Absence | null {
  const lane = apart.lanes.find((one) => one.shard === shard);
  if (lane === undefined)
    return {
      why: `this run leaves ${shard} out`,
      hint: `select ${shard} too, or all: migrate up`,
    };
  const isPending = lane.steps.slice(lane.next).some(({ planned }) => planned.migration === migration);
  const isSkipping = !isPending && lane.record.skipped.length > 0;
  if (isStuck(lane) || isSkipping || (isPending && lane.state === 'over'))
    return {
      why: `${shard} did not come so far`,
      hint: `mend what stands in the way on ${shard}, then type migrate up`,
    };
  if (!isPending)
    return {
      why: `${shard} does not have it pending`,
      hint: `change it on all of them in a new migration, or keep what changes in each tenant's own schema; a shard that is new joins without tenants, and gets them by migrate tenant add`,
    };
  if (!takesPart(apart, lane))
    return {
      why: `${shard} is no canary shard`,
      hint: 'migrate up runs it on all of them in one step',
    };
  return null;
}

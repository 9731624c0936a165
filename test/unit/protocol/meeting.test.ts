import { expect, test } from '@jest/globals';
import type { Migration } from '../../../src/migrations/migration.js';
import { mayBegin, type Apart, type ApartLane, type LaneState } from '../../../src/protocol/rollout/apart.js';
import { awaitedAt, callMeeting, meetingOf, obstacleTo } from '../../../src/protocol/rollout/meeting.js';

const [FIRST, SECOND] = ['1', '2'].map((name) => ({ name, scope: 'shard' }) as Migration) as [
  Migration,
  Migration,
];

interface Stand {
  readonly next?: number;
  readonly state?: LaneState;
  readonly isCanary?: boolean;
  readonly failed?: boolean;
  readonly has?: readonly Migration[];
}

/** A lane of two migrations. */
function lane(
  shard: string,
  { next = 0, state = 'underway', has = [FIRST, SECOND], ...rest }: Stand,
): ApartLane {
  const steps = has.map((migration, at) => ({ planned: { migration, direction: 'up', tenants: [] }, at }));
  const problem = rest.failed === true ? { message: 'no', exitCode: 20 } : null;
  const record = {
    plan: { shard: { name: shard }, steps },
    ends: steps.map(() => null),
    skipped: [],
    problem,
  };
  return { shard, record, isCanary: rest.isCanary ?? false, steps, next, state } as unknown as ApartLane;
}

const apart = (lanes: readonly ApartLane[], canaryOnly = false): Apart =>
  ({
    lanes,
    canaryOnly,
    meetings: [],
    order: new Map([
      [FIRST, 0],
      [SECOND, 1],
    ]),
  }) as unknown as Apart;

const shared = (...lacking: string[]) =>
  ({ what: 'type t', lacking, problem: { message: 'shared', exitCode: 20 } }) as const;

test('a canary shard that waits lets the others come up to where it is, and no further', () => {
  const canary = lane('a', { next: 1, isCanary: true });
  const [behind, level] = [lane('b', {}), lane('c', { next: 1 })];
  const all = apart([canary, behind, level]);
  expect([canary, behind, level].map((one) => mayBegin(all, one))).toEqual([true, false, false]);
  canary.state = 'waiting';
  expect([canary, behind, level].map((one) => mayBegin(all, one))).toEqual([true, true, false]);
  canary.state = 'over';
  expect([behind, level].map((one) => mayBegin(all, one))).toEqual([true, true]);
});

test('meetings of one migration that have a shard in common are one', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => lane(name, {})) as [
    ApartLane,
    ApartLane,
    ApartLane,
    ApartLane,
  ];
  const all = apart([a, b, c, d]);
  callMeeting(all, a, shared('b'));
  callMeeting(all, c, shared('d'));
  expect(all.meetings.map(({ shards }) => [...shards].toSorted())).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  callMeeting(all, d, shared('a'));
  expect(all.meetings.map(({ shards }) => [...shards].toSorted())).toEqual([['a', 'b', 'c', 'd']]);
  expect(meetingOf(all, b)).toBe(all.meetings[0]);
});

test('who takes part is waited for, and who has not come so far, but nobody who is over', () => {
  const [a, b] = [lane('a', { next: 1, state: 'waiting' }), lane('b', { next: 1 })];
  const others = [lane('behind', {}), lane('level', { next: 1 }), lane('over', { state: 'over' })];
  const all = apart([a, b, ...others]);
  callMeeting(all, a, shared('b'));
  const [meeting] = all.meetings;
  expect(awaitedAt(all, meeting!)).toEqual(['b', 'behind']);
  expect(obstacleTo(all, meeting!)).toBeNull();
});

test.each<[string, ApartLane | null, boolean, string]>([
  ['is not selected', null, false, 'this run leaves b out'],
  ['failed before', lane('b', { failed: true }), false, 'b did not come so far'],
  ['ended before', lane('b', { state: 'over' }), false, 'b did not come so far'],
  ['has it already', lane('b', { has: [FIRST] }), false, 'b does not have it pending'],
  ['is no canary shard', lane('b', {}), true, 'b is no canary shard'],
])('who will not come is named with the reason: %s', (_, other, canaryOnly, why) => {
  const a = lane('a', { next: 1, state: 'waiting', isCanary: true });
  const all = apart([a, ...(other === null ? [] : [other])], canaryOnly);
  callMeeting(all, a, shared('b'));
  expect(obstacleTo(all, all.meetings[0]!)).toMatchObject({
    message: 'shared',
    detail: `shard/2 has to run on a and b in one step: ${why}`,
  });
});

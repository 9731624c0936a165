import { describe, expect, test } from '@jest/globals';
import type { Capacity } from '../../../src/protocol/rollout/capacity.js';
import { fdwNotices, forecastFdw } from '../../../src/protocol/rollout/fdw-connections.js';
import { lanesThatFit, refuseTooMany, type MemberRoom } from '../../../src/protocol/rollout/room.js';

const capacity = (rest: Partial<Capacity>): Capacity => ({
  server: '1',
  locks: 6400,
  freeSlots: 10,
  freeConnections: 90,
  connections: 97,
  fdwConnections: 0,
  sessions: 0,
  ...rest,
});

const room = (member: string, role: MemberRoom['role'], rest: Partial<Capacity>): MemberRoom => ({
  member,
  role,
  canPrepare: true,
  connected: 'throughout',
  capacity: capacity(rest),
});

describe('slots and connections are counted per server', () => {
  test.each([
    { title: 'a veneer alone', members: [room('v', 'veneer', { freeSlots: 3 })], lanes: 3 },
    {
      title: 'two veneers in databases of one server take two slots for each shard',
      members: [room('blue', 'veneer', { freeSlots: 5 }), room('green', 'veneer', { freeSlots: 5 })],
      lanes: 2,
    },
    {
      title: 'the same on two servers',
      members: [
        room('blue', 'veneer', { freeSlots: 5 }),
        room('green', 'veneer', { freeSlots: 5, server: '2' }),
      ],
      lanes: 4,
    },
    {
      title: 'a shard beside the veneer takes one, once',
      members: [room('v', 'veneer', { freeSlots: 4 }), room('a', 'shard', { freeSlots: 4 })],
      lanes: 3,
    },
    {
      title: 'shards of one server share its connections',
      members: [
        room('v', 'veneer', { server: '2' }),
        room('a', 'shard', { freeConnections: 1 }),
        room('b', 'shard', { freeConnections: 1 }),
      ],
      lanes: 1,
    },
    {
      title: 'a shard that may never prepare needs no slot beforehand',
      members: [room('v', 'veneer', { server: '2' }), room('a', 'shard', { freeSlots: 0 })],
      lanes: 4,
    },
  ])('$title', ({ members, lanes }) => {
    expect(lanesThatFit(4, members, true)).toBe(lanes);
  });

  test('without prepared transactions slots do not matter', () => {
    expect(lanesThatFit(4, [room('v', 'veneer', { freeSlots: 0 })], false)).toBe(4);
  });

  test('where not even one shard fits, the member or the members of the server are named', () => {
    expect(() => lanesThatFit(4, [room('v', 'veneer', { freeSlots: 0 })], true)).toThrow(
      'v has no free slot for a prepared transaction',
    );
    const both = [room('blue', 'veneer', { freeSlots: 1 }), room('green', 'veneer', { freeSlots: 1 })];
    expect(() => lanesThatFit(4, both, true)).toThrow(
      'blue, green: one server, and a step needs 2 times a slot for a prepared transaction there, of which it has 1',
    );
  });

  test('a step over all members needs one for each of them', () => {
    const members = [
      room('v', 'veneer', { freeSlots: 2 }),
      room('a', 'shard', { freeSlots: 2 }),
      room('b', 'shard', { freeSlots: 2 }),
    ];
    expect(() => refuseTooMany(members, true)).toThrow('a step needs 3 times a slot');
    expect(() => refuseTooMany(members.slice(1), true)).not.toThrow();
  });
});

describe('postgres_fdw: sessions on the veneer × foreign servers × roles', () => {
  const veneers = [{ veneer: 'v', capacity: { sessions: 20, connections: 97 } }];

  test('shards on one server add up, and what is open already is room', () => {
    const here = capacity({ freeConnections: 50, fdwConnections: 10 });
    const there = capacity({ server: '2', freeConnections: 90 });
    expect(
      forecastFdw(veneers, [
        { shard: 'a', roles: 2, capacity: here },
        { shard: 'b', roles: 2, capacity: here },
        { shard: 'c', roles: 2, capacity: there },
      ]),
    ).toEqual([
      { shards: ['a', 'b'], now: 80, most: 388, room: 60, connections: 97 },
      { shards: ['c'], now: 40, most: 194, room: 90, connections: 97 },
    ]);
  });

  test('only a server that has too little for the sessions of now is told', () => {
    const demand = { shards: ['a', 'b'], now: 80, most: 388, room: 60, connections: 97 };
    expect(fdwNotices([demand, { ...demand, now: 60 }])).toEqual([
      "a, b: sessions on the veneers may open 80 connections of postgres_fdw there, and the server has room for 60 of its 97; raise max_connections, or pool the application's sessions",
    ]);
  });
});

test('a database that is connected when needed takes a connection for its anchor, too, but one slot', () => {
  const database = (member: string, rest: Partial<Capacity>): MemberRoom => ({
    ...room(member, 'shard', { server: '2', ...rest }),
    connected: 'when needed',
  });
  const veneer = room('v', 'veneer', {});
  const members = (rest: Partial<Capacity>): MemberRoom[] => [
    veneer,
    ...['a', 'b', 'c'].map((name) => database(name, rest)),
  ];
  expect(lanesThatFit(3, members({ freeConnections: 5 }), true)).toBe(2);
  expect(lanesThatFit(3, members({ freeConnections: 6 }), true)).toBe(3);
  expect(() => refuseTooMany(members({ freeConnections: 5 }), true)).toThrow('needs 6 times a connection');
});

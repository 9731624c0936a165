import { EXIT, VeneerError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { Member, Role } from '../../fleet/member.js';
import type { Capacity } from './capacity.js';

/** A member that a rollout needs, and what its server has left. One in both roles is there as a veneer. */
export interface MemberRoom {
  readonly member: string;
  readonly role: Role;
  /** Its max_prepared_transactions is not 0. */
  readonly canPrepare: boolean;
  /** Connected when needed, it takes a connection for the anchor as well while a lane is on it. */
  readonly connected: Member['connected'];
  readonly capacity: Capacity;
}

/** What a lane takes on each member: a connection, and to prepare a slot. */
export type Resource = 'connection' | 'slot';

/** What a server has of it at all. */
export const SETTING: Readonly<Record<Resource, string>> = {
  connection: 'max_connections',
  slot: 'max_prepared_transactions',
};

/**
 * How many shards can be migrated at the same time. Counted per server, whatever its databases are: a lane takes a
 * connection, and to prepare a slot, on every veneer and on its own shard. Pure. Throws (exit 20) where not even one
 * has room.
 */
export function lanesThatFit(wanted: number, members: readonly MemberRoom[], prepares: boolean): number {
  const limits = byServer(members).flatMap((onServer) =>
    resourcesOn(onServer, prepares).map((resource) => {
      const fits = lanesOn(wanted, onServer, resource);
      if (fits < 1) throw noRoom(onServer, resource, needed(1, onServer, resource));
      return fits;
    }),
  );
  return Math.min(wanted, ...limits);
}

/** A step over all of these members at once takes one of each on every member. Throws (exit 20) where there is no room. */
export function refuseTooMany(members: readonly MemberRoom[], prepares: boolean): void {
  for (const onServer of byServer(members)) {
    for (const resource of resourcesOn(onServer, prepares)) {
      const all = sumOf(onServer, resource);
      if (freeOn(onServer, resource) < all) throw noRoom(onServer, resource, all);
    }
  }
}

/** What there is of a resource on a server, and what of it a rollout takes. */
export interface Room {
  /** So many of the wanted lanes have room; of all members in one step, all or none. */
  readonly fits: number;
  readonly needed: number;
  readonly free: number;
}

/** The room on the one server of these members, for so many lanes, or for a step over all of them. Pure. */
export function roomOn(wanted: number | 'all', members: readonly MemberRoom[], resource: Resource): Room {
  const free = Math.max(0, freeOn(members, resource));
  const all = sumOf(members, resource);
  if (wanted === 'all') return { fits: free < all ? 0 : 1, needed: all, free };
  return { fits: lanesOn(wanted, members, resource), needed: needed(wanted, members, resource), free };
}

/** Whether a shard has to prepare is known only inside the step: alone, it commits without a slot. */
const resourcesOn = (members: readonly MemberRoom[], prepares: boolean): readonly Resource[] =>
  prepares && members.some(({ role }) => role === 'veneer') ? ['connection', 'slot'] : ['connection'];

/** By what they share connections, slots and locks with. */
export const byServer = (members: readonly MemberRoom[]): MemberRoom[][] => [
  ...groupBy(members, ({ capacity }) => capacity.server).values(),
];

/** Those of one server were read one after the other, so that the least is the latest or the safest. */
const freeOn = (members: readonly MemberRoom[], resource: Resource): number =>
  Math.min(
    ...members.map(({ capacity }) => (resource === 'slot' ? capacity.freeSlots : capacity.freeConnections)),
  );

function lanesOn(wanted: number, members: readonly MemberRoom[], resource: Resource): number {
  const free = freeOn(members, resource);
  let lanes = wanted;
  while (lanes > 0 && needed(lanes, members, resource) > free) lanes--;
  return lanes;
}

/** So many lanes are on each veneer, and at most one is on each shard: on those that take most, to be safe. */
function needed(lanes: number, members: readonly MemberRoom[], resource: Resource): number {
  const veneers = members.filter(({ role }) => role === 'veneer');
  const shards = members.filter(({ role }) => role !== 'veneer');
  const dearest = shards.toSorted((a, b) => costOf(b, resource) - costOf(a, resource)).slice(0, lanes);
  return lanes * veneers.length + sumOf(dearest, resource);
}

const sumOf = (members: readonly MemberRoom[], resource: Resource): number =>
  members.reduce((sum, member) => sum + costOf(member, resource), 0);

const costOf = ({ connected }: MemberRoom, resource: Resource): number =>
  resource === 'connection' && connected === 'when needed' ? 2 : 1;

const MOST_NAMES = 6;

function noRoom(members: readonly MemberRoom[], resource: Resource, needed: number): VeneerError {
  const names = members.map(({ member }) => member);
  const shown = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '…'] : names;
  const what = resource === 'slot' ? 'slot for a prepared transaction' : 'connection';
  const free = Math.max(0, freeOn(members, resource));
  const message =
    needed === 1 || members.length === 1
      ? `${names[0]} has no free ${what}`
      : `${shown.join(', ')}: one server, and a step needs ${needed} times a ${what} there, of which it has ${free}`;
  return new VeneerError(message, {
    exitCode: EXIT.failed,
    where: { member: names[0] ?? '' },
    hint: `raise ${SETTING[resource]} there, or wait until others are done`,
  });
}

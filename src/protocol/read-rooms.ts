import type { Config } from '../config/config.js';
import type { Role } from '../fleet/member.js';
import type { ShardPlan } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import { readCapacity } from './capacity.js';
import { fdwNotices, forecastFdw } from './fdw-connections.js';
import type { ProtocolChoice } from './journal.js';
import type { MemberRoom } from './room.js';

/** The members that a rollout works on. */
export interface Rooms {
  readonly rooms: readonly MemberRoom[];
  /** Where postgres_fdw may find too few connections. */
  readonly notices: readonly string[];
}

/** Reads what the servers of the veneers and of these shards have left: a query per member. */
export async function readRooms(
  { veneers, roles }: Pick<Config, 'veneers' | 'roles'>,
  busy: readonly ShardPlan[],
  sessionOf: (member: string) => Session,
): Promise<Rooms> {
  const names = roles.map(({ name }) => name);
  const read = async (member: string, role: Role): Promise<MemberRoom> => {
    const session = sessionOf(member);
    const canPrepare = session.server.maxPreparedTransactions > 0;
    return { member, role, canPrepare, capacity: await readCapacity(session, names) };
  };
  const shards = busy.map(({ shard }) => shard);
  const own = shards.filter(({ name }) => veneers.every((veneer) => veneer.name !== name));
  const rooms = await Promise.all([
    ...veneers.map(({ name }) => read(name, 'veneer')),
    ...own.map(({ name }) => read(name, 'shard')),
  ]);
  const sources = rooms.flatMap(({ member, role, capacity }) =>
    role === 'veneer' ? [{ veneer: member, capacity }] : [],
  );
  const targets = shards.flatMap(({ name, userMappings }) => {
    const capacity = rooms.find(({ member }) => member === name)?.capacity;
    return capacity === undefined ? [] : [{ shard: name, roles: userMappings.length, capacity }];
  });
  return { rooms, notices: fdwNotices(forecastFdw(sources, targets)) };
}

/** Two-phase is in question: by choice, and by what the veneers can do. */
export const mayPrepare = (protocol: ProtocolChoice, rooms: readonly MemberRoom[]): boolean =>
  protocol !== 'lock-step' &&
  rooms.filter(({ role }) => role === 'veneer').every(({ canPrepare }) => canPrepare);

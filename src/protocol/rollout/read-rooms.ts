import type { Config } from '../../config/config.js';
import { allMembers, type Role } from '../../fleet/member.js';
import { groupBy } from '../../group-by.js';
import type { ShardPlan } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import type { FdwDemand } from '../../report/plan.js';
import { readCapacity } from './capacity.js';
import { fdwNotices, forecastFdw } from './fdw-connections.js';
import type { ProtocolChoice } from '../run/journal.js';
import type { MemberRoom } from './room.js';

/** The members that a rollout works on. */
export interface Rooms {
  readonly rooms: readonly MemberRoom[];
  readonly fdw: readonly FdwDemand[];
  /** Where postgres_fdw may find too few connections. */
  readonly notices: readonly string[];
}

/** Reads what the servers of the veneers and of these shards have left: a query per veneer, and per shard whatever its databases. */
export async function readRooms(
  config: Config,
  busy: readonly Pick<ShardPlan, 'shard'>[],
  sessionOf: (member: string) => Session,
): Promise<Rooms> {
  const { veneers, roles } = config;
  const names = roles.map(({ name }) => name);
  const read = async (member: string, role: Role): Promise<MemberRoom> => {
    const session = sessionOf(member);
    const canPrepare = session.server.maxPreparedTransactions > 0;
    const capacity = await readCapacity(session, names);
    return { member, role, canPrepare, connected: 'throughout', capacity };
  };
  const connected = new Map(allMembers(config).map((member) => [member.name, member.connected]));
  const shards = busy.map(({ shard }) => shard);
  const own = shards.filter(({ name }) => veneers.every((veneer) => veneer.name !== name));
  const onServers = await Promise.all([
    ...veneers.map(async ({ name }) => [await read(name, 'veneer')]),
    ...[...groupBy(own, ({ key }) => key).values()].map(async ([first, ...others]) => {
      if (first === undefined) return [];
      const room = await read(first.name, 'shard');
      return [first, ...others].map(({ name }) => ({
        ...room,
        member: name,
        connected: connected.get(name) ?? room.connected,
      }));
    }),
  ]);
  const rooms = onServers.flat();
  const sources = rooms.flatMap(({ member, role, capacity }) =>
    role === 'veneer' ? [{ veneer: member, capacity }] : [],
  );
  const targets = shards.flatMap(({ name, userMappings }) => {
    const capacity = rooms.find(({ member }) => member === name)?.capacity;
    return capacity === undefined ? [] : [{ shard: name, roles: userMappings.length, capacity }];
  });
  const fdw = forecastFdw(sources, targets);
  return { rooms, fdw, notices: fdwNotices(fdw) };
}

/** Two-phase is in question: by choice, and by what the veneers can do. */
export const mayPrepare = (protocol: ProtocolChoice, rooms: readonly MemberRoom[]): boolean =>
  protocol !== 'lock-step' &&
  rooms.filter(({ role }) => role === 'veneer').every(({ canPrepare }) => canPrepare);

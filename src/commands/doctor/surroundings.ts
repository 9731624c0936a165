import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, problemOf } from '../../errors.js';
import { isMesh } from '../../fleet/member.js';
import { readRooms, type Rooms } from '../../protocol/rollout/read-rooms.js';
import { byServer } from '../../protocol/rollout/room.js';
import type { Readers } from '../common/readers.js';
import { tryMappings, type MappingsTried } from '../setup/try-mappings.js';
import type { ServerRoom } from './check-rooms.js';

/** What is known of the fleet as a whole before its members are looked at. */
export interface Surroundings {
  readonly config: Config;
  readonly readers: Readers;
  /** Those that are selected. */
  readonly shards: readonly ShardConfig[];
  /** What a member's server has for a run; undefined where that could not be read. */
  readonly roomOf: (member: string) => ServerRoom | undefined;
  readonly tried: MappingsTried;
  /** What postgres_fdw may ask of servers that have too few connections for it; what could not be read. */
  readonly notices: readonly string[];
}

/** Capacities first: every further connection of this command would count. */
export async function readSurroundings(
  config: Config,
  shards: readonly ShardConfig[],
  { readers, who }: { readonly readers: Readers; readonly who: string },
): Promise<Surroundings> {
  const isReached = (member: string): boolean => readers.sessions.has(member);
  const reached = shards.filter(({ name }) => isReached(name));
  const here = { ...config, veneers: config.veneers.filter(({ name }) => isReached(name)) };
  const rooms = await roomsOf(here, reached, readers);
  const together = isMesh(config) || config.rollout.atomic === 'fleet';
  const wanted = together ? 'all' : Math.min(config.rollout.concurrency, Math.max(1, reached.length));
  const servers = byServer(rooms.rooms);
  const tried = await tryMappings({ ...config, shards }, who, isReached);
  return {
    config,
    readers,
    shards,
    roomOf: (member) => {
      const members = servers.find((some) => some.some((room) => room.member === member));
      return members === undefined ? undefined : { config, members, wanted };
    },
    tried,
    notices: rooms.notices,
  };
}

/** A server that does not tell is no reason to ask nothing else. Throws what is a fault of ours. */
async function roomsOf(
  config: Config,
  shards: readonly ShardConfig[],
  { sessionOf }: Readers,
): Promise<Pick<Rooms, 'rooms' | 'notices'>> {
  try {
    return await readRooms(
      config,
      shards.map((shard) => ({ shard })),
      sessionOf,
    );
  } catch (error) {
    const { exitCode, message } = problemOf(error);
    if (exitCode === EXIT.bug) throw error;
    return { rooms: [], notices: [`what the servers have left could not be read: ${message}`] };
  }
}

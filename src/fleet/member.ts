import type { Config, ShardConfig, VeneerConfig } from '../config/config.js';
import type { Secret } from '../secret.js';

/** What a database is in the fleet; one in both roles is one member, with one connection and one transaction. */
export type Role = 'shard' | 'veneer' | 'shard+veneer';

/** One database of the fleet. */
export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly url: Secret;
  /** The role that works there, where it is not the url's user. */
  readonly setRole: string | null;
  readonly shard: ShardConfig | null;
  readonly veneer: VeneerConfig | null;
}

/** Every member once, in the order in which locks are taken: veneers by name, then what is shard alone, as in the file. */
export function allMembers({ veneers, shards }: Config): Member[] {
  const isVeneer = (name: string): boolean => veneers.some((veneer) => veneer.name === name);
  return [
    ...veneers.map((veneer) => member(veneer, shards.find(({ name }) => name === veneer.name) ?? null)),
    ...shards.filter(({ name }) => !isVeneer(name)).map((shard) => member(null, shard)),
  ];
}

function member(veneer: VeneerConfig | null, shard: ShardConfig | null): Member {
  const address = veneer ?? shard;
  if (address === null) throw new Error('a member is a shard, a veneer, or both');
  const { name, url, setRole } = address;
  const role = veneer === null ? 'shard' : shard === null ? 'veneer' : 'shard+veneer';
  return { name, role, url, setRole, shard, veneer };
}

/** In the order of their names, those that are shards too included. */
export const veneerMembers = (config: Config): Member[] =>
  allMembers(config).filter(({ veneer }) => veneer !== null);

/** What a member is in the fleet, by its name. */
export const roleOf = (config: Config, name: string): Role =>
  allMembers(config).find((one) => one.name === name)?.role ?? 'shard';

import type { Config, ShardConfig, VeneerConfig } from '../config/config.js';
import type { Secret } from '../secret.js';

/** What a database is in the fleet; one in both roles is one member, with one connection and one transaction. */
export type Role = 'shard' | 'veneer' | 'shard+veneer';

/** One database of the fleet. */
export type Member =
  | { readonly name: string; readonly role: 'shard'; readonly url: Secret; readonly shard: ShardConfig }
  | { readonly name: string; readonly role: 'veneer'; readonly url: Secret; readonly veneer: VeneerConfig };

export type ShardMember = Extract<Member, { role: 'shard' }>;
export type VeneerMember = Extract<Member, { role: 'veneer' }>;

export const shardMembers = (config: Config): ShardMember[] =>
  config.shards.map((shard) => ({ name: shard.name, role: 'shard', url: shard.url, shard }));

export const veneerMembers = (config: Config): VeneerMember[] =>
  config.veneers.map((veneer) => ({ name: veneer.name, role: 'veneer', url: veneer.url, veneer }));

/** Every member in the order in which locks are taken: veneers by name, then shards as in the file. */
export const allMembers = (config: Config): Member[] => [...veneerMembers(config), ...shardMembers(config)];

/** What a member is in the fleet, by its name. */
export function roleOf({ veneers, shards }: Config, member: string): Role {
  const isShard = shards.some(({ name }) => name === member);
  const isVeneer = veneers.some(({ name }) => name === member);
  return isShard && isVeneer ? 'shard+veneer' : isVeneer ? 'veneer' : 'shard';
}

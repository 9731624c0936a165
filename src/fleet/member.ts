import type { Config, ShardConfig, TenantConfig, VeneerConfig } from '../config/config.js';
import type { SessionOptions } from '../postgres/session.js';
import type { Secret } from '../secret.js';

/** What a database is in the fleet; one in both roles is one member, with one connection and one transaction. */
export type Role = 'shard' | 'veneer' | 'shard+veneer';

/** One database of the fleet. */
export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly url: Secret;
  /**
   * Whether a command is connected to it from beginning to end, or while it is needed: of the databases of one server the
   * first alone stays, so that hundreds of tenants need no hundreds of connections.
   */
  readonly connected: 'throughout' | 'when needed';
  /** The role that works there, where it is not the url's user. */
  readonly setRole: string | null;
  readonly shard: ShardConfig | null;
  readonly veneer: VeneerConfig | null;
}

/**
 * Every member once, in the order in which locks are taken: veneers by name, then what is shard alone, as in the file, then
 * what is not listed. A run that does not know of the last ones passes them by, so that their locks prove nothing to another:
 * they are connected when needed, as others whose locks prove nothing.
 */
export function allMembers(config: Config): readonly Member[] {
  const known = members.get(config) ?? membersOf(config);
  members.set(config, known);
  return known;
}

/** Asked for several times in each step, and there are as many as tenants where each has a database. */
const members = new WeakMap<Config, readonly Member[]>();

function membersOf({ veneers, shards, unlisted }: Config): readonly Member[] {
  const isVeneer = (name: string): boolean => veneers.some((veneer) => veneer.name === name);
  return [
    ...veneers.map((veneer) => member(veneer, shards.find(({ name }) => name === veneer.name) ?? null)),
    ...shards
      .filter(({ name }) => !isVeneer(name))
      .map((shard) => ({ ...member(null, shard), connected: connectedTo(shard, shards) })),
    ...unlisted.map((shard): Member => ({ ...member(null, shard), connected: 'when needed' })),
  ];
}

const connectedTo = ({ key, name }: ShardConfig, shards: readonly ShardConfig[]): Member['connected'] =>
  shards.find((shard) => shard.key === key)?.name === name ? 'throughout' : 'when needed';

function member(veneer: VeneerConfig | null, shard: ShardConfig | null): Member {
  const address = veneer ?? shard;
  if (address === null) throw new Error('a member is a shard, a veneer, or both');
  const { name, url, setRole } = address;
  const role = veneer === null ? 'shard' : shard === null ? 'veneer' : 'shard+veneer';
  return { name, role, url, setRole, connected: 'throughout', shard, veneer };
}

/** In the order of their names, those that are shards too included. */
export const veneerMembers = (config: Config): Member[] =>
  allMembers(config).filter(({ veneer }) => veneer !== null);

/** What a member is in the fleet, by its name. */
export const roleOf = (config: Config, name: string): Role =>
  allMembers(config).find((one) => one.name === name)?.role ?? 'shard';

/** Is any member shard and veneer at once? */
export const isMesh = (config: Config): boolean =>
  config.veneers.some(({ name }) => roleOf(config, name) === 'shard+veneer');

/** Where a session to a member is opened, and as whom it works there. */
export const addressOf = ({
  name,
  url,
  setRole,
}: Member): Pick<SessionOptions, 'member' | 'url' | 'role'> => ({
  member: name,
  url,
  role: setRole,
});

/** The member of that name; undefined where shards.yaml has none. */
export const findMember = (config: Config, name: string): Member | undefined =>
  allMembers(config).find((one) => one.name === name);

/** The same where there has to be one: anything else is a fault of ours. */
export function memberNamed(config: Config, name: string): Member {
  const member = findMember(config, name);
  if (member === undefined) throw new Error(`${name} is no member`);
  return member;
}

/** The name of the member that a tenant lives in: its shard's, or its own database's. */
export const memberOf = ({ shards }: Pick<Config, 'shards'>, { name, shard }: TenantConfig): string =>
  shards.find(({ tenants }) => tenants.some((tenant) => tenant.name === name))?.name ?? shard;

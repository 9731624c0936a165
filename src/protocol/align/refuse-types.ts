import type { TypeUser } from '../../catalog/types/read-type-users.js';
import type { UserType } from '../../catalog/types/type.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import { createType, isMade, isSameType, type MadeType } from '../../veneer/types/create-type.js';
import { SharedObjectError } from '../../veneer/types/shared-object-error.js';

/** One list of all shards' types; throws (exit 20) where two shards mean different things by one name. Pure. */
export function wantedByAll(
  shards: readonly { readonly shard: string; readonly types: readonly UserType[] }[],
): MadeType[] {
  const wanted = new Map<string, { readonly shard: string; readonly type: MadeType }>();
  for (const { shard, types } of shards) {
    for (const type of types.filter(isMade)) {
      const other = wanted.get(nameKey(type));
      if (other !== undefined && !isSameType(other.type, type))
        throw disagreement(type, [other.shard, createType(other.type)], [shard, createType(type)]);
      wanted.set(nameKey(type), other ?? { shard, type });
    }
  }
  return [...wanted.values()].map(({ type }) => type);
}

const disagreement = (
  type: UserType,
  [first, one]: readonly [string, string],
  [second, other]: readonly [string, string],
): VeneerError =>
  new VeneerError(
    `type ${display(type)} is not the same on ${first} and ${second}, and a veneer has only one`,
    {
      exitCode: EXIT.failed,
      detail: `${first}: ${one}\n${second}: ${other}`,
      hint: "bring the shards in line with one migration for both, or keep the type in each tenant's own schema",
    },
  );

/** Throws (exit 20) where a type's name is borne by what SQL did not make: a table's row type, an extension's type. Pure. */
export function refuseOccupiedTypes(
  member: string,
  wanted: readonly UserType[],
  present: readonly UserType[],
): void {
  const names = new Set(wanted.map(nameKey));
  const occupied = present.find((type) => !isMade(type) && names.has(nameKey(type)));
  if (occupied === undefined) return;
  const what = occupied.extension === null ? occupied.kind : `type of extension ${occupied.extension}`;
  throw new VeneerError(
    `${display(occupied)} exists on the veneer with another meaning: it is a ${what} there`,
    {
      exitCode: EXIT.failed,
      where: { member },
      hint: 'rename or drop it there, or name the type differently on the shard',
    },
  );
}

/** What a step would change of a veneer's types, and who uses them. */
export interface ChangedTypes {
  /** Types of the veneer that would be changed, as they are. */
  readonly changed: readonly UserType[];
  readonly users: readonly TypeUser[];
  /** Of the fleet. */
  readonly servers: readonly string[];
  /** By oid: nothing is made of them. */
  readonly unused: ReadonlySet<string>;
  /** Schemas that belong to tenants. */
  readonly own: ReadonlySet<string>;
}

/**
 * Throws (exit 20) where a type of the veneer would be changed that no foreign table of the fleet shows: it has the
 * name that ours should have, and is somebody else's. Left-overs of a tenant that nobody uses are ours. Pure.
 */
export function refuseOthersTypes(
  member: string,
  { changed, users, servers, unused, own }: ChangedTypes,
): void {
  const ours = new Set(
    users.filter(({ server }) => server !== null && servers.includes(server)).map(({ type }) => type),
  );
  const other = changed.find(({ oid, schema }) => !ours.has(oid) && !(own.has(schema) && unused.has(oid)));
  if (other === undefined) return;
  throw new VeneerError(
    `${display(other)} exists on the veneer with another meaning: nothing of the fleet has it`,
    {
      exitCode: EXIT.failed,
      where: { member },
      ...(isMade(other) ? { detail: `there: ${createType(other)}` } : {}),
      hint: 'rename or drop it there, or name the type differently on the shard',
    },
  );
}

/** Which shards a step has, and which of them want something of a type. */
export interface TypeGroup {
  readonly config: Config;
  /** All that take part. */
  readonly group: readonly ShardConfig[];
  /** Those whose migration made, changed or used types. */
  readonly busy: readonly ShardConfig[];
}

/** Shards that take no part, and whose foreign tables reach a type that is changed. Pure. */
export function sharingBeyond(
  { config, group }: TypeGroup,
  reached: readonly TypeUser[],
): readonly ShardConfig[] {
  const servers = new Set(reached.map(({ server }) => server));
  const taking = new Set(group.map(({ name }) => name));
  return config.shards.filter(({ name, server }) => servers.has(server.name) && !taking.has(name));
}

/**
 * Throws where foreign tables of shards that do not change a type reach it on the veneer: a SharedObjectError for those
 * that take no part, another error (exit 20) for those that do. `agreeing`: who has it already as it is to be. Pure.
 */
export function refuseSharedTypes(
  { config, group, busy, agreeing }: TypeGroup & { readonly agreeing: ReadonlySet<string> },
  reached: readonly TypeUser[],
  present: readonly UserType[],
): void {
  const like = config.shards.filter(({ name }) => agreeing.has(name));
  const changing = new Set([...busy, ...like].map(({ server }) => server.name));
  const others = reached.filter(({ server }) => server !== null && !changing.has(server));
  const shards = config.shards.filter(({ server }) => others.some((user) => user.server === server.name));
  const type = present.find(({ oid }) => others.some((user) => user.type === oid));
  if (shards.length === 0 || type === undefined) return;
  const names = shards.map(({ name }) => name);
  const taking = group.map(({ name }) => name);
  const lacking = names.filter((name) => !taking.includes(name));
  const where = { member: busy[0]?.name ?? '' };
  if (lacking.length === 0) throw unlikeInGroup(type, names, where);
  throw new SharedObjectError(
    `type ${display(type)} is shared with ${lacking.join(', ')}, which would read it wrongly meanwhile`,
    { what: `type ${display(type)}`, lacking, ...where },
  );
}

const unlikeInGroup = (
  type: UserType,
  shards: readonly string[],
  where: { readonly member: string },
): VeneerError =>
  new VeneerError(
    `type ${display(type)} changes on ${where.member} and not on ${shards.join(', ')}, and a veneer has only one`,
    {
      exitCode: EXIT.failed,
      where,
      hint: "let the migration change it on all of them, or keep the type in each tenant's own schema",
    },
  );

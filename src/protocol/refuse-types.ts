import type { TypeUser } from '../catalog/read-type-users.js';
import type { UserType } from '../catalog/type.js';
import type { Config, ShardConfig } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import { display, nameKey } from '../postgres/identifiers.js';
import { createType, isMade, type MadeType } from '../veneer/create-type.js';

/** One list of all shards' types; throws (exit 20) where two shards mean different things by one name. Pure. */
export function wantedByAll(
  shards: readonly { readonly shard: string; readonly types: readonly UserType[] }[],
): MadeType[] {
  const wanted = new Map<string, { readonly shard: string; readonly type: MadeType }>();
  for (const { shard, types } of shards) {
    for (const type of types.filter(isMade)) {
      const other = wanted.get(nameKey(type));
      if (other !== undefined && createType(other.type) !== createType(type))
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

/** A type that shards outside of the group show through, too: all of them have to change it in one step. */
export class SharedTypeError extends VeneerError {
  readonly type: string;
  /** Those that are not in the group. */
  readonly shards: readonly string[];

  constructor(type: UserType, shards: readonly string[], group: readonly string[]) {
    super(
      `type ${display(type)} is shared with ${shards.join(', ')}, which would read it wrongly meanwhile`,
      {
        exitCode: EXIT.failed,
        where: { member: group[0] ?? '' },
        hint: `let the migration run on ${[...group, ...shards].join(', ')} in one step: migrate up --atomic fleet`,
      },
    );
    this.type = display(type);
    this.shards = shards;
  }
}

/** Throws a SharedTypeError where foreign tables of shards outside of the group reach a type that changes. Pure. */
export function refuseOutsideGroup(
  config: Config,
  group: readonly ShardConfig[],
  reached: readonly TypeUser[],
  present: readonly UserType[],
): void {
  const inside = new Set(group.map(({ server }) => server.name));
  const outside = reached.filter(({ server }) => server !== null && !inside.has(server));
  const others = config.shards.filter(({ server }) => outside.some((user) => user.server === server.name));
  const type = present.find(({ oid }) => outside.some((user) => user.type === oid));
  if (others.length === 0 || type === undefined) return;
  throw new SharedTypeError(
    type,
    others.map(({ name }) => name),
    group.map(({ name }) => name),
  );
}

import type { TypeUser } from '../../catalog/types/read-type-users.js';
import type { UserType } from '../../catalog/types/type.js';
import type { ShardConfig } from '../../config/config.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Definition } from '../../veneer/exposure/definition.js';
import { isMade } from '../../veneer/types/create-type.js';
import { reachedFrom, type ShardTypes } from '../shard/shard-types.js';

/** What one shard of a group wants a veneer's types to be. */
export interface TypesOfShard {
  readonly shard: ShardConfig;
  readonly definitions: readonly Definition[];
  readonly types: ShardTypes;
}

/**
 * What the definitions use, and of the changed types those that a foreign table of the shard already reaches on the
 * veneer. Any other type of the shard is none of the veneer's business.
 */
export function wantedBy(
  { shard, types: { types, used, changed, moves } }: TypesOfShard,
  present: readonly UserType[],
  users: readonly TypeUser[],
): UserType[] {
  const shown = new Set(users.filter(({ server }) => server === shard.server.name).map(({ type }) => type));
  const there = new Set(present.filter(({ oid }) => shown.has(oid)).map(nameKey));
  const before = new Map(
    moves.flatMap(({ from, to }) => (to === null ? [] : [[nameKey(to), nameKey(from)]])),
  );
  const follows = types.filter(
    (type) =>
      changed.has(type.oid) && (there.has(nameKey(type)) || there.has(before.get(nameKey(type)) ?? '')),
  );
  return reachedFrom(types, new Set([...used, ...follows.map(({ oid }) => oid)]));
}

/** A tenant's types that its shard has no more. What is shared stays: others may use it. */
export function leavingOf(
  shards: readonly TypesOfShard[],
  present: readonly UserType[],
  wanted: readonly UserType[],
  own: ReadonlySet<string>,
): UserType[] {
  const gone = new Set(
    shards.flatMap(({ types }) =>
      types.moves.flatMap(({ from, to }) => (to === null ? [nameKey(from)] : [])),
    ),
  );
  const kept = new Set(wanted.map(nameKey));
  return present.filter(
    (type) => isMade(type) && own.has(type.schema) && gone.has(nameKey(type)) && !kept.has(nameKey(type)),
  );
}

import { readRawTypes } from '../../catalog/types/read-raw-types.js';
import { readTypes } from '../../catalog/types/read-types.js';
import { findTypeMoves, type TypeMove } from '../../catalog/types/type-moves.js';
import { partsOf, type UserType } from '../../catalog/types/type.js';
import type { Session } from '../../postgres/session.js';
import type { Definition } from '../../veneer/exposure/definition.js';
import type { Exposure } from '../../veneer/exposure/exposure.js';
import { mapTypes } from '../../veneer/exposure/map-types.js';
import { exposedNaming, exposedTypeName } from '../../veneer/exposure/type-names.js';
import type { Before } from '../lane/before.js';

/** Types of a shard as far as its veneers may have to show them, under the names of the veneer. */
export interface ShardTypes {
  /** With everything that they are made of; an extension's type still has the shard's schema. */
  readonly types: readonly UserType[];
  /** By oid: those that the definitions use. */
  readonly used: ReadonlySet<string>;
  /** By oid: those that the migration made or changed. */
  readonly changed: ReadonlySet<string>;
  readonly moves: readonly TypeMove[];
}

export interface TypesToRead {
  readonly exposure: Exposure;
  readonly definitions: readonly Definition[];
  /** Oids of what the open transaction changed. */
  readonly changed: readonly string[];
}

/** The types that the definitions use, and those that the open transaction of `session` changed, all of them compared. */
export async function readShardTypes(
  session: Session,
  was: Before,
  { exposure, definitions, changed }: TypesToRead,
): Promise<ShardTypes> {
  const used = usedBy(definitions);
  // Together, in one round trip: of what has changed too much is read, as types that are none of their own.
  const [before, after, read] = await Promise.all([
    was.types(changed),
    readRawTypes(session, changed),
    readTypes(session, { oids: [...used, ...changed] }),
  ]);
  const made = after.map(({ oid }) => oid);
  const types = reachedFrom(read, new Set([...used, ...made]));
  const named = (name: TypeMove['from']): TypeMove['from'] => exposedTypeName(exposure, name);
  return {
    types: mapTypes(types, exposedNaming(exposure)),
    used,
    changed: new Set(made),
    moves: findTypeMoves(before, after).map((move) => ({
      ...move,
      from: named(move.from),
      to: move.to === null ? null : named(move.to),
    })),
  };
}

/** The types that the definitions use, as they are. */
export async function readUsedTypes(
  session: Session,
  exposure: Exposure,
  definitions: readonly Definition[],
): Promise<ShardTypes> {
  const used = usedBy(definitions);
  const types = mapTypes(await readTypes(session, { oids: [...used] }), exposedNaming(exposure));
  return { types, used, changed: new Set(), moves: [] };
}

/** The types that columns name. Pure. */
export const usedBy = (definitions: readonly Definition[]): ReadonlySet<string> =>
  new Set(definitions.flatMap(({ columns }) => columns.flatMap(({ userType }) => userType?.oid ?? [])));

/** Those of the types that the roots are made of, the roots included. Pure. */
export function reachedFrom(types: readonly UserType[], roots: ReadonlySet<string>): UserType[] {
  const byOid = new Map(types.map((type) => [type.oid, type]));
  const reached = new Set<UserType>();
  const visit = (oid: string): void => {
    const type = byOid.get(oid);
    if (type === undefined || reached.has(type)) return;
    reached.add(type);
    for (const part of partsOf(type)) visit(part.oid);
  };
  for (const oid of roots) visit(oid);
  return [...reached];
}

import type { TypeMove } from '../../catalog/types/type-moves.js';
import type { UserType } from '../../catalog/types/type.js';
import { nameKey } from '../../postgres/identifiers.js';
import { isMade, type MadeType } from './create-type.js';

/** What a type must be, what stands there for it, and what the migration renamed in it. */
export interface TypePair {
  readonly wanted: MadeType;
  readonly present: UserType | null;
  readonly move: TypeMove | null;
}

/**
 * Pairs a type that the shard renamed with what bears its old name, any other with what bears its name. `moves` have
 * the names of the veneer. Pure.
 */
export function pairTypes(
  wanted: readonly UserType[],
  present: readonly UserType[],
  moves: readonly TypeMove[],
): TypePair[] {
  const there = new Map(present.map((type) => [nameKey(type), type]));
  const moveTo = new Map(moves.flatMap((move) => (move.to === null ? [] : [[nameKey(move.to), move]])));
  const claimed = new Set<UserType>();
  const made = wanted.filter(isMade);
  const renamed = new Map<MadeType, UserType>();
  for (const type of made) {
    const move = moveTo.get(nameKey(type));
    const old = move === undefined ? undefined : there.get(nameKey(move.from));
    if (old === undefined || claimed.has(old)) continue;
    claimed.add(old);
    renamed.set(type, old);
  }
  return made.map((type) => {
    const named = there.get(nameKey(type));
    const standing = named === undefined || claimed.has(named) ? null : named;
    return {
      wanted: type,
      present: renamed.get(type) ?? standing,
      move: moveTo.get(nameKey(type)) ?? null,
    };
  });
}

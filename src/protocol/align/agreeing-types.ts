import { readTypes } from '../../catalog/types/read-types.js';
import type { TypeUser } from '../../catalog/types/read-type-users.js';
import type { UserType } from '../../catalog/types/type.js';
import type { ShardConfig } from '../../config/config.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isMade, isSameType, type MadeType } from '../../veneer/types/create-type.js';
import { askOutside } from './ask-outside.js';

/** Types of a veneer that a step changes, as they are, and what is to become of them. */
export interface ChangingTypes {
  readonly present: readonly UserType[];
  /** What reaches them. */
  readonly reached: readonly TypeUser[];
  readonly wanted: readonly MadeType[];
  readonly moves: readonly { readonly from: QualifiedName; readonly to: QualifiedName | null }[];
}

/**
 * Shards that take no part in a step, and have each of the changing types that their foreign tables reach already as it is to be, under the
 * name that it is to have: where the step came to them before, and was cut short on its way to the others (lock-step).
 */
export async function agreeingOnTypes(
  shards: readonly ShardConfig[],
  types: ChangingTypes,
  sessionOf: (shard: string) => Session | null,
): Promise<ReadonlySet<string>> {
  const names = await askOutside(shards, sessionOf, async (shard, session) => {
    const needed = neededBy(shard, types);
    if (needed.some((type) => type === undefined)) return [];
    const wanted = needed.flatMap((type) => type ?? []);
    const own = new Map((await readTypes(session, { names: wanted })).map((type) => [nameKey(type), type]));
    return wanted.every((type) => isLike(own.get(nameKey(type)), type)) ? [shard.name] : [];
  });
  return new Set(names);
}

/** What the types that a shard's foreign tables reach are to be; undefined: one of them is to be nothing. */
function neededBy(
  { server }: ShardConfig,
  { present, reached, wanted, moves }: ChangingTypes,
): readonly (MadeType | undefined)[] {
  const oids = new Set(reached.filter((user) => user.server === server.name).map(({ type }) => type));
  const byName = new Map(wanted.map((type) => [nameKey(type), type]));
  return present
    .filter(({ oid }) => oids.has(oid))
    .map((type) => {
      const move = moves.find(({ from }) => nameKey(from) === nameKey(type));
      const name = move === undefined ? type : move.to;
      return name === null ? undefined : byName.get(nameKey(name));
    });
}

const isLike = (own: UserType | undefined, wanted: MadeType): boolean =>
  own !== undefined && isMade(own) && isSameType(own, wanted);

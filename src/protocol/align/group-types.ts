import { remoteOf } from '../../catalog/relations/relation.js';
import type { Session } from '../../postgres/session.js';
import { alignTypes, dropLeftTypes, refuseUnaligned } from './align-types.js';
import type { Budget } from '../lane/budget.js';
import type { GroupShard, GroupVeneer } from '../group/group.js';
import type { VeneerStatement } from '../group/veneer-statement.js';
import type { ShardChanges } from '../shard/shard-changes.js';
import type { HeldTurns } from '../run/turns.js';
import { planTypes } from './plan-types.js';
import { NO_TYPE_WORK, type TypeWork } from './type-work.js';
import { beginOnVeneer } from './veneer-work.js';

/** A shard of a group on which the migration has run. */
export interface TypedShard {
  readonly shard: GroupShard;
  readonly changes: ShardChanges;
}

/** The types of one veneer, and the shards of the group that it shows. */
export interface GroupTypes {
  readonly veneer: GroupVeneer;
  readonly shards: readonly TypedShard[];
  readonly types: TypeWork;
}

/** What the shards of a group need of a veneer's types. Reads only. */
export async function planGroupTypes(veneer: Session, shards: readonly TypedShard[]): Promise<TypeWork> {
  const [first] = shards;
  if (first === undefined) return NO_TYPE_WORK;
  const { run } = first.shard.part.lane;
  return planTypes(
    run.config,
    veneer,
    shards.map(({ shard, changes }) => ({
      shard: shard.part.lane.shard,
      definitions: changes.wanted,
      types: changes.types,
    })),
    (shard) => run.anchors.get(shard) ?? null,
  );
}

/** Names of relations that the gate locks: the next attempt locks them first. */
export const gatedRelations = ({ gates }: TypeWork): string[] => gates.map((table) => remoteOf(table).name);

/** What was done for the types of a veneer before its tables. */
export interface AlignedTypes {
  readonly work: TypeWork;
  readonly statements: readonly VeneerStatement[];
}

/** What is shared waits for its turn first, and is looked at again: the lane before may have done it already. */
export async function alignGroupTypes(
  { veneer, shards, types }: GroupTypes,
  budget: Budget,
  turns: HeldTurns,
): Promise<AlignedTypes | null> {
  const [first] = shards;
  if (first === undefined) return null;
  const { lane } = first.shard.part;
  if (types.shared) await turns.take(veneer.name);
  await beginOnVeneer(lane, veneer.session, budget);
  const work = types.shared ? await planGroupTypes(veneer.session, shards) : types;
  return { work, statements: await alignTypes(lane, veneer.session, work, budget) };
}

/** Drops what is left over, and asks again: nothing may be left to do. Answers the statements. */
export async function finishGroupTypes(
  { veneer, shards }: GroupTypes,
  work: TypeWork,
  budget: Budget,
): Promise<VeneerStatement[]> {
  const [first] = shards;
  if (first === undefined) return [];
  const dropped = await dropLeftTypes(first.shard.part.lane, veneer.session, work, budget);
  const settled = shards.map(({ shard, changes }) => ({
    shard,
    changes: { ...changes, types: { ...changes.types, moves: [] } },
  }));
  refuseUnaligned(veneer.name, await planGroupTypes(veneer.session, settled));
  return dropped;
}

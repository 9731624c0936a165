import type { TenantConfig } from '../../config/config.js';
import { labelOf } from '../../migrations/migration.js';
import type { Foreseen, ForeseenOn } from '../align/foreseen.js';
import { lockKnown } from '../align/lock-known.js';
import { hasUnions } from '../align/union-facts.js';
import type { Group, GroupVeneer, StepPart } from '../group/group.js';
import type { Budget } from '../lane/budget.js';
import type { Affected } from '../lane/lane.js';
import type { HeldTurns } from '../run/turns.js';

/** By shard what a step is known to change. Read once: what another lane learns meanwhile is not locked here. */
export const knownOf = ({ shards }: Group): ReadonlyMap<string, Affected> =>
  new Map(shards.map(({ name, part }) => [name, part.lane.known(labelOf(part.planned.migration))]));

/** Is a veneer a shard of the group, too? It has one transaction then. */
export const isShardOf = ({ shards }: Group, { name }: GroupVeneer): boolean =>
  shards.some((shard) => shard.name === name);

/** What is known before the shards are through, and whether it is still worth it. */
export interface Locking {
  readonly known: ReadonlyMap<string, Affected>;
  /** The attempt has failed on a shard: whatever is locked from now on is locked in vain. */
  readonly isInVain: () => boolean;
}

/**
 * Locks what is known to change, veneer after veneer, in the order of their names, so that two lanes cannot wait for each other.
 * Answers what it is.
 */
export async function lockVeneers(
  group: Group,
  locking: Locking,
  budget: Budget,
  turns: HeldTurns,
): Promise<ForeseenOn> {
  const foreseen = new Map<string, ReadonlyMap<string, Foreseen>>();
  for (const veneer of group.veneers) {
    const found = await lockOn(veneer, locking, budget, turns);
    // One that is a shard, too, runs the migration itself, which may change what it shows.
    if (!isShardOf(group, veneer)) foreseen.set(veneer.name, found);
  }
  return foreseen;
}

async function lockOn(
  { session, shows }: GroupVeneer,
  { known, isInVain }: Locking,
  budget: Budget,
  turns: HeldTurns,
): Promise<ReadonlyMap<string, Foreseen>> {
  const foreseen = new Map<string, Foreseen>();
  for (const { name, part } of shows) {
    const affected = known.get(name);
    if (affected === undefined || (!affected.fence && affected.relations.length === 0)) continue;
    if (hasUnions(part.lane.run.config)) await turns.take(session.member);
    if (isInVain()) break;
    foreseen.set(name, await lockKnown(part.lane, session, tenantsOf(part), affected, budget));
  }
  return foreseen;
}

/** Whose relations a step may change: of the shard's own migration, those of any tenant. */
const tenantsOf = ({ lane, planned }: StepPart): readonly TenantConfig[] =>
  planned.migration.scope === 'shard' ? lane.shard.tenants : planned.tenants;

import type { Config } from '../../config/config.js';
import { isMesh } from '../../fleet/member.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import { alteredRelations } from '../../migrations/sql/altered-relations.js';
import { labelOf } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import { hasUnions } from '../align/union-facts.js';
import type { Affected } from '../lane/lane.js';

/**
 * What the tenants' migrations affect, by their labels, as far as their text tells: until a step has told it (`Lane.learn`). It
 * decides nothing; what it lacks the first attempt finds out. But where the first step of a migration locked the shard's tables first, a
 * reader who has begun on the veneer and waits for the shard has there what the step needs next: a cycle that only a timeout
 * ends, while everybody else waits behind the step.
 *
 * Not where lanes would wait for each other on a text's word: for a partitioned table or a view over all tenants, which belong to all
 * shards. Nor in a mesh, where a member that is locked first has begun its transaction in a session that is not fresh.
 */
export async function forecastAffected(
  config: Config,
  { shards }: Pick<Plan, 'shards'>,
): Promise<Map<string, Affected>> {
  const told = new Map<string, Affected>();
  if (isMesh(config) || hasUnions(config) || sharesParents(config)) return told;
  const planned = shards.flatMap(({ steps }) => steps.map(({ migration }) => migration));
  for (const migration of new Set(planned.filter(({ scope }) => scope === 'tenant'))) {
    const relations = await alteredRelations(migration.body);
    told.set(labelOf(migration), { relations, names: relations, fence: false, byText: true });
  }
  return told;
}

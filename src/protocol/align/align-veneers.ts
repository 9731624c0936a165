import { sharesParents } from '../../fleet/shares-parents.js';
import { labelOf } from '../../migrations/migration.js';
import { affectedBy } from './affected.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import type { Budget } from '../lane/budget.js';
import { awaitOldSnapshots, fenceVeneer } from './fence.js';
import type { ForeseenOn } from './foreseen.js';
import type { Aligned, GroupWork } from '../group/gather.js';
import type { Group } from '../group/group.js';
import { alignTables } from './align-tables.js';
import { alignGroupTypes, finishGroupTypes, gatedRelations, type GroupTypes } from './group-types.js';
import { planVeneer, planVeneers, writesByShard, type VeneerPlan } from './plan-veneers.js';
import type { ShardDone } from '../group/shard-done.js';
import type { HeldTurns } from '../run/turns.js';
import { isIdle } from './type-work.js';
import { hasUnions } from './union-facts.js';

/** Brings the veneers of a group in line with what was done on its shards, all in transactions that stay open. */
export async function alignVeneers(
  group: Pick<Group, 'veneers'>,
  done: readonly ShardDone[],
  budget: Budget,
  turns: HeldTurns,
  foreseen: ForeseenOn = new Map(),
): Promise<{ readonly aligned: readonly Aligned[] } & Pick<GroupWork, 'writes'>> {
  const planned = await planVeneers(group, done, foreseen);
  learn(done, planned);
  for (const { shard } of done) shard.part.onPhase('veneer');
  // Veneer after veneer, in the order of their names, so that two lanes cannot wait for each other.
  const aligned: Aligned[] = [];
  for (const plan of planned) aligned.push(await align(plan, budget, turns));
  for (const { shard, changes, fence } of done) {
    if (fence)
      await awaitOldSnapshots(shard.part.lane, shard.session, [...changes.rewritten, ...changes.tightened]);
  }
  return { aligned, writes: writesByShard(done, planned) };
}

/** For the next attempt, and for the next shard that runs this migration. */
function learn(done: readonly ShardDone[], plans: readonly VeneerPlan[]): void {
  const [first] = done;
  if (first === undefined) return;
  const { lane, planned } = first.shard.part;
  const changes = plans.flatMap(({ onParents, shows }) => [
    ...onParents,
    ...shows.flatMap((show) => show.changes),
  ]);
  const gated = plans.flatMap(({ types }) => gatedRelations(types));
  const renames = done.flatMap((one) => one.changes.renames);
  const fence = done.some((one) => one.fence);
  lane.learn(labelOf(planned.migration), affectedBy({ changes, gated, renames, fence }));
}

async function align(plan: VeneerPlan, budget: Budget, turns: HeldTurns): Promise<Aligned> {
  const { veneer } = plan;
  const { session } = veneer;
  if (touchesUnions(plan)) await turns.take(veneer.name);
  for (const { done } of plan.shows)
    if (done.fence && !done.fenced) await fenceVeneer(done.shard.part.lane, session, budget);
  const types = isIdle(plan.types) ? null : await alignGroupTypes(groupTypes(plan), budget, turns);
  // Types have changed since: what columns are called or made of is read anew.
  const { onParents, shows } =
    types === null
      ? plan
      : await planVeneer(
          veneer,
          plan.shows.map(({ done }) => done),
        );
  if (touchesParents(onParents, shows)) await turns.take(veneer.name);
  const statements = await alignTables(session, { onParents, shows }, types?.statements ?? [], budget);
  const last = [...statements.values()].at(-1);
  if (types !== null) last?.push(...(await finishGroupTypes(groupTypes(plan), types.work, budget)));
  const takesPart =
    types !== null ||
    onParents.length > 0 ||
    shows.some(({ done, changes }) => done.fence || changes.length > 0);
  return { veneer, statements, takesPart };
}

/** See unions.ts: whoever locks branches of a view over all tenants has the veneer's turn. */
const touchesUnions = ({ shows, types }: VeneerPlan): boolean =>
  shows.some(
    ({ done, changes }) =>
      hasUnions(done.shard.part.lane.run.config) && (done.fence || changes.length > 0 || !isIdle(types)),
  );

/** Attaching a partition locks its parent until the end of the transaction, and so does dropping one. */
const touchesParents = (onParents: readonly Change[], shows: VeneerPlan['shows']): boolean =>
  onParents.length > 0 ||
  shows.some(({ done, changes }) =>
    changes.some(({ kind, attach }) => attach !== undefined || (kind === 'drop' && hasParents(done))),
  );

const hasParents = ({ shard }: ShardDone): boolean => sharesParents(shard.part.lane.run.config);

const groupTypes = ({ veneer, shows, types }: VeneerPlan): GroupTypes => ({
  veneer,
  types,
  shards: shows.map(({ done }) => done),
});

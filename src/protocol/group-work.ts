import type { TenantConfig } from '../config/config.js';
import { sharesParents } from '../fleet/shares-parents.js';
import { labelOf } from '../migrations/migration.js';
import type { Session } from '../postgres/session.js';
import type { Change } from '../veneer/reconcile.js';
import type { Budget } from './budget.js';
import { awaitOldSnapshots, fenceVeneer } from './fence.js';
import { gather, type Aligned, type GroupWork } from './gather.js';
import type { Group, GroupShard, GroupVeneer, StepPart } from './group.js';
import { alignGroupTypes, finishGroupTypes, gatedRelations, type GroupTypes } from './group-types.js';
import type { Affected, Lane } from './lane.js';
import { planVeneer, planVeneers, writesByShard, type VeneerPlan } from './plan-veneers.js';
import { needsFence, refuseInMesh } from './rewrites.js';
import type { ShardDone } from './shard-done.js';
import { beginOnShard, readChanges } from './shard-work.js';
import type { HeldTurns } from './turns.js';
import { isIdle } from './type-work.js';
import { veneerStatements } from './veneer-statements.js';
import { alignVeneer, beginOnVeneer, executeChanges, lockOnVeneer, proveAligned } from './veneer-work.js';

/**
 * The work of an attempt: the migration on all shards side by side, then each veneer, in the order of their names,
 * for all of them in one transaction. What is known to be affected, from an earlier attempt or another shard, is
 * locked on the veneers before the shards are touched: that is the order in which the application takes its locks.
 */
export async function workOnGroup(
  group: Group,
  step: string,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupWork> {
  const { done, aligned, writes } = await changeGroup(group, step, budget, turns);
  review(group, aligned);
  return { ...(await gather(done, aligned)), writes };
}

/** The last look at what will be committed on the veneers: see review.ts. */
function review({ shards }: Group, aligned: readonly Aligned[]): void {
  const parts = shards.map(({ part }) => part);
  const [first] = parts;
  if (first === undefined) return;
  const tenants = parts.flatMap(({ planned }) => planned.tenants);
  first.lane.run.review?.(veneerStatements(labelOf(first.planned.migration), aligned), tenants);
}

/** What was changed on a group's shards and veneers, in transactions that are all still open. */
export interface GroupChanges extends Pick<GroupWork, 'writes'> {
  readonly done: readonly ShardDone[];
  readonly aligned: readonly Aligned[];
}

/** The same, for whoever does not commit it. */
export async function changeGroup(
  group: Group,
  step: string,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupChanges> {
  // Read once: what another lane learns meanwhile was not locked here.
  const known = new Map(group.shards.map(({ name, part }) => [name, knownOf(part)]));
  for (const veneer of group.veneers) await lockKnown(veneer, known, budget);
  const done = await allDone(
    group.shards.map((shard) => workOnShard(shard, step, budget, known.get(shard.name)?.fence === true)),
  );
  return { done, ...(await alignVeneers(group, done, budget, turns)) };
}

/** Brings the veneers of a group in line with what was done on its shards, all in transactions that stay open. */
export async function alignVeneers(
  group: Pick<Group, 'veneers'>,
  done: readonly ShardDone[],
  budget: Budget,
  turns: HeldTurns,
): Promise<{ readonly aligned: readonly Aligned[] } & Pick<GroupWork, 'writes'>> {
  const planned = await planVeneers(group, done);
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

/** All of them ended before the first failure is thrown: what is still running must not outlive the rollback. */
async function allDone<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function workOnShard(
  shard: GroupShard,
  step: string,
  budget: Budget,
  fenced: boolean,
): Promise<ShardDone> {
  const { part, session } = shard;
  const onTenant = (count: number): void => part.onPhase('running', count);
  const xid = await beginOnShard(part.lane, session, { step, planned: part.planned, budget, onTenant });
  return readDone(shard, xid, fenced);
}

/** What a migration, which has run in the shard's open transaction, did there. Throws where that is refused. */
export async function readDone(shard: GroupShard, xid: string, fenced: boolean): Promise<ShardDone> {
  const { lane } = shard.part;
  const changes = await readChanges(lane, shard.session);
  refuseInMesh(lane, changes);
  return { shard, xid, changes, fence: needsFence(lane, changes), fenced };
}

const knownOf = ({ lane, planned }: StepPart): Affected => lane.known(planned.migration.name);

async function lockKnown(
  { session, shows }: GroupVeneer,
  known: ReadonlyMap<string, Affected>,
  budget: Budget,
): Promise<void> {
  for (const { name, part } of shows) {
    const { fence, relations } = known.get(name) ?? knownOf(part);
    if (!fence && relations.length === 0) continue;
    await beginOnVeneer(part.lane, session, budget);
    if (fence) await fenceVeneer(part.lane, session, budget);
    else await lockOnVeneer(part.lane, session, tenantsOf(part), relations, budget);
  }
}

/** Whose relations a step may change: of the shard's own migration, those of any tenant. */
const tenantsOf = ({ lane, planned }: StepPart): readonly TenantConfig[] =>
  planned.migration.scope === 'shard' ? lane.shard.tenants : planned.tenants;

/** For the next attempt, and for the next shard that runs this migration. */
function learn(done: readonly ShardDone[], plans: readonly VeneerPlan[]): void {
  const [first] = done;
  if (first === undefined) return;
  const { lane, planned } = first.shard.part;
  const changes = plans.flatMap(({ onParents, shows }) => [
    ...onParents,
    ...shows.flatMap((show) => show.changes),
  ]);
  lane.learn(planned.migration.name, {
    fence: done.some(({ fence }) => fence),
    relations: [...changedRelations(changes), ...plans.flatMap(({ types }) => gatedRelations(types))],
  });
}

/** Only what is there can be locked before the next attempt; a table that is to be created has no readers. */
const changedRelations = (changes: readonly Change[]): string[] => [
  ...new Set(changes.filter(({ kind }) => kind !== 'create').map(({ remote }) => remote.name)),
];

async function align(plan: VeneerPlan, budget: Budget, turns: HeldTurns): Promise<Aligned> {
  const { veneer } = plan;
  const { session } = veneer;
  for (const { done } of plan.shows)
    if (done.fence && !done.fenced) await fenceOff(done.shard.part.lane, session, budget);
  const types = isIdle(plan.types) ? null : await alignGroupTypes(groupTypes(plan), budget, turns);
  // Types have changed since: what columns are called or made of is read anew.
  const { onParents, shows } =
    types === null
      ? plan
      : await planVeneer(
          veneer,
          plan.shows.map(({ done }) => done),
        );
  const statements = new Map<string, readonly string[]>();
  const [first] = shows;
  if (touchesParents(onParents, shows)) await turns.take(veneer.name);
  const ofParents =
    first === undefined ? [] : await alterParents(first.done.shard.part.lane, session, onParents, budget);
  const before = [...(types?.statements ?? []), ...ofParents];
  for (const { done, changes } of shows) {
    const { lane } = done.shard.part;
    const own = await alignVeneer(lane, session, done.changes, changes, budget);
    statements.set(done.shard.name, done === first?.done ? [...before, ...own] : own);
    // Partitions followed their parent, and nothing else was to be done.
    if (ofParents.length > 0 && changes.length === 0) await proveAligned(lane, session, done.changes);
  }
  const [name, run = []] = [...statements].at(-1) ?? [];
  if (types !== null && name !== undefined)
    statements.set(name, [...run, ...(await finishGroupTypes(groupTypes(plan), types.work, budget))]);
  const takesPart =
    types !== null ||
    onParents.length > 0 ||
    shows.some(({ done, changes }) => done.fence || changes.length > 0);
  const changed = new Map(shows.map(({ done, changes }) => [done.shard.name, changes] as const));
  return { veneer, statements, changes: changed, takesPart };
}

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

async function alterParents(
  lane: Lane,
  session: Session,
  changes: readonly Change[],
  budget: Budget,
): Promise<string[]> {
  if (changes.length === 0) return [];
  await beginOnVeneer(lane, session, budget);
  return executeChanges(lane, session, changes, budget);
}

async function fenceOff(lane: Lane, veneer: Session, budget: Budget): Promise<void> {
  await beginOnVeneer(lane, veneer, budget);
  await fenceVeneer(lane, veneer, budget);
}

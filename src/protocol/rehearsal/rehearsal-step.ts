import { problemOf, type Problem } from '../../errors.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import type { PlannedStep, VeneerStep } from '../../migrations/plan/plan.js';
import { display } from '../../postgres/identifiers.js';
import type { RehearsedMember, RehearsedStep } from '../../report/rehearse.js';
import { isLockConflict, isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Budget } from '../lane/budget.js';
import { tryTenant } from '../step/find-failures.js';
import type { Aligned, GroupWork } from '../group/gather.js';
import { openGroup, type StepPart } from '../group/group.js';
import { sqlOf } from '../group/veneer-statement.js';
import { changeGroup } from '../step/group-work.js';
import type { HeldLocks } from '../lane/held-locks.js';
import type { Lane } from '../lane/lane.js';
import { endedByMigration, refuseEnded, type RehearsalCrew } from './rehearsal-crew.js';
import { anchorOf } from '../run/run.js';
import type { ShardDone } from '../group/shard-done.js';
import type { HeldTurns } from '../run/turns.js';
import { changeVeneers } from '../rollout/veneers-work.js';

/** What a step of a rehearsal works with. */
export interface Stage {
  readonly crew: RehearsalCrew;
  readonly budget: Budget;
  readonly locks: HeldLocks;
  /** By shard: the transaction that all of its steps have to be in. */
  readonly xids: Map<string, string>;
}

/** A migration that ran, with what the veneers' statements belong to. */
export interface StepDone {
  readonly step: RehearsedStep;
  readonly aligned: readonly Aligned[];
}

/** On shards, side by side. */
export interface ShardsPart {
  readonly lane: Lane;
  readonly planned: PlannedStep;
  readonly onPhase: StepPart['onPhase'];
}

/** Nobody else is in this run, and what is taken is kept to its end. */
const NO_TURNS: HeldTurns = { take: async () => undefined, giveBack: () => undefined };

const SAVEPOINT = 'pgveneer_step';

/** Runs a migration on shards, and what follows on the veneers. Throws what stands in its way; see `failuresOn`. */
export async function rehearseOnShards(
  stage: Stage,
  id: string,
  migration: Migration,
  parts: readonly ShardsPart[],
): Promise<StepDone> {
  const start = performance.now();
  const since = (): number => Math.round(performance.now() - start);
  const times = new Map<string, number>();
  const timed = parts.map((part): StepPart => ({
    ...part,
    onPhase: (phase, done, why) => {
      if (phase === 'running') times.set(part.lane.shard.name, since());
      part.onPhase(phase, done, why);
    },
  }));
  const group = await openGroup(timed);
  await Promise.all(group.shards.map(({ session }) => session.run(`SAVEPOINT ${SAVEPOINT}`)));
  const { done, aligned, writes } = await changeGroup(group, id, stage.budget, NO_TURNS);
  refuseOtherTransaction(stage, done);
  await Promise.all(group.shards.map(({ session }) => session.run(`RELEASE SAVEPOINT ${SAVEPOINT}`)));
  const busy = aligned.filter(({ takesPart }) => takesPart);
  const members = [
    ...(await inOrder(done, (one) => ranOn(stage, one, times.get(one.shard.name) ?? null))),
    ...(await inOrder(busy, (one) => followedOn(stage, one))),
  ];
  await stage.crew.noteDone(parts.map(({ lane }) => lane.shard.name));
  return { step: { ...rehearsed(migration, since()), members, writes: tableWrites(writes) }, aligned };
}

/** Runs a migration of the veneers. */
export async function rehearseOnVeneers(stage: Stage, id: string, planned: VeneerStep): Promise<StepDone> {
  const start = performance.now();
  const { crew, budget } = stage;
  const work = { step: id, planned, budget, turns: NO_TURNS };
  const { participants } = await changeVeneers(crew, work, (shard) => crew.opened.get(shard) ?? null);
  const members = await inOrder(participants, async ({ member, statements }): Promise<RehearsedMember> => {
    const ran = planned.veneers.some(({ name }) => name === member);
    const session = await crew.session(member);
    return {
      member,
      part: ran ? 'runs' : 'follows',
      tenants: [],
      ms: null,
      statements: ran ? [] : statements.map(({ sql }) => sql),
      locks: await stage.locks.news(session, anchorOf(crew.run, member)),
      rewrites: [],
    };
  });
  const shards = crew.run.config.shards.filter(({ name }) => crew.opened.has(name));
  await crew.noteDone(shards.map(({ name }) => name));
  const ms = Math.round(performance.now() - start);
  return { step: { ...rehearsed(planned.migration, ms), members }, aligned: [] };
}

/** A step of which nothing was done so far. */
export const emptyStep = (migration: Migration): RehearsedStep => ({
  migration: labelOf(migration),
  scope: migration.scope,
  state: migration.transaction === 'none' ? 'not rehearsed' : 'not started',
  ms: null,
  members: [],
  writes: [],
  problems: [],
});

const rehearsed = (migration: Migration, ms: number): RehearsedStep => ({
  ...emptyStep(migration),
  state: 'rehearsed',
  ms,
});

/** A transaction that was ended and begun anew would stand alone: what came before is not in it. */
function refuseOtherTransaction({ xids }: Stage, done: readonly ShardDone[]): void {
  for (const { shard, xid } of done) {
    const before = xids.get(shard.name) ?? xid;
    xids.set(shard.name, before);
    refuseEnded(shard.session);
    if (before !== xid) throw endedByMigration(shard.name);
  }
}

async function ranOn(
  { locks, crew }: Stage,
  { shard, changes }: ShardDone,
  ms: number | null,
): Promise<RehearsedMember> {
  return {
    member: shard.name,
    part: 'runs',
    tenants: shard.part.planned.tenants.map(({ name }) => name),
    ms,
    statements: [],
    locks: await locks.news(shard.session, anchorOf(crew.run, shard.name)),
    rewrites: changes.rewritten.map(display),
  };
}

async function followedOn({ locks, crew }: Stage, { veneer, statements }: Aligned): Promise<RehearsedMember> {
  return {
    member: veneer.name,
    part: 'follows',
    tenants: [],
    ms: null,
    statements: sqlOf([...statements.values()].flat()),
    locks: await locks.news(veneer.session, anchorOf(crew.run, veneer.name)),
    rewrites: [],
  };
}

const tableWrites = (writes: GroupWork['writes']): RehearsedStep['writes'] =>
  [...writes].flatMap(([shard, byVeneer]) =>
    Object.entries(byVeneer).flatMap(([veneer, forecasts]) =>
      forecasts.map((forecast) => ({ ...forecast, shard, veneer })),
    ),
  );

/** One after the other: a member in both roles has one session, and one set of locks. */
async function inOrder<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of list) results.push(await work(one));
  return results;
}

/**
 * The failures of all tenants that a step ran for, on all of its shards, where it failed in one: each tries again behind
 * a savepoint of its own, with what was rehearsed before in place. None where the error is no tenant's own. Never throws.
 */
export async function failuresOn(
  { crew, budget }: Stage,
  parts: readonly ShardsPart[],
  error: unknown,
): Promise<readonly Problem[]> {
  const isOwn = !isLockConflict(error) && !isState(error, SQLSTATE.queryCanceled);
  if (problemOf(error).where?.tenant === undefined || !isOwn) return [];
  try {
    return (await Promise.all(parts.map((part) => failuresOf(crew, part, budget)))).flat();
  } catch {
    return [];
  }
}

async function failuresOf(
  crew: RehearsalCrew,
  { lane, planned }: ShardsPart,
  budget: Budget,
): Promise<Problem[]> {
  const session = await crew.session(lane.shard.name);
  await session.run(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
  const lists = await inOrder(planned.tenants, (tenant) => tryTenant(session, planned, tenant, budget));
  return lists.flat();
}

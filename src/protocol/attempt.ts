import { randomBytes } from 'node:crypto';
import { EXIT, VeneerError } from '../errors.js';
import { veneerMembers } from '../fleet/member.js';
import type { PlannedStep } from '../migrations/plan.js';
import { display } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { rollbackQuietly } from '../postgres/transaction.js';
import type { StepPhase } from '../report/progress.js';
import { startBudget, type Budget, type LockDuration } from './budget.js';
import { awaitOldSnapshots, fenceVeneer } from './fence.js';
import type { AttemptId } from './gid.js';
import type { Protocol, ProtocolChoice } from './journal.js';
import { chooseProtocol, refuseForeignReads } from './protocol-choice.js';
import type { Affected, Lane } from './lane.js';
import type { Run } from './run.js';
import { beginOnShard, readChanges, type ShardChanges } from './shard-work.js';
import { commitAttempt, type AttemptEnding } from './commit.js';
import type { Participant } from './participant.js';
import type { Change } from '../veneer/reconcile.js';
import { alignVeneer, beginOnVeneer, lockOnVeneer, readDifference } from './veneer-work.js';
import { watched } from './watched.js';

/** One migration on one group of members that commit together: a shard and its veneers, or all shards of a fleet. */
export interface Step {
  readonly id: string;
  readonly migration: string;
  readonly parts: readonly StepPart[];
}

/** What a step does on one shard. */
export interface StepPart {
  readonly lane: Lane;
  readonly planned: PlannedStep;
  readonly onPhase: (phase: StepPhase, tenantsDone?: number, why?: string) => void;
}

export interface AttemptResult extends AttemptEnding {
  readonly ms: number;
  readonly protocol: Protocol | 'one server' | 'no transaction';
  /** For how long each table of a veneer was locked. */
  readonly locks: readonly LockDuration[];
  /** By shard and veneer: the SQL that was executed there. */
  readonly statements: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
}

/**
 * One try at a step (PROTOCOL section 4). Until the intent is written everything may be rolled back, and is, on
 * every failure; from then on what happened is settled by what the servers say. Throws what stood in the way of
 * the work; after that nothing of this attempt is left anywhere.
 *
 * What is known to be affected, from an earlier attempt or another shard, is locked on the veneers before the shard
 * is touched.
 */
export async function attempt(run: Run, step: Step, wanted: ProtocolChoice): Promise<AttemptResult> {
  const id: AttemptId = { fleet: run.config.fleet, step: step.id, nonce: randomBytes(4).toString('hex') };
  const budget = startBudget(run.config.rollout);
  try {
    const works = await allDone(
      step.parts.map((part) => watched(part.lane, budget, () => doWork(part, step.id, budget))),
    );
    const participants = works.flatMap((work) => work.participants).toSorted(shardsFirst);
    const protocol = chooseProtocol(wanted, participants);
    if (protocol === 'lock-step') await refuseAllForeignReads(step);
    const together = participants.length > 1;
    for (const { onPhase } of step.parts)
      onPhase(together && protocol === 'two-phase' ? 'preparing' : 'committing');
    const end = await commitAttempt(run, { id, migration: step.migration, participants, protocol });
    if (end.ending.kind === 'committed' && end.closed) {
      for (const { lane } of step.parts) lane.settled.push(id);
    }
    return {
      ...end,
      ms: budget.elapsed(),
      protocol: together ? protocol : 'one server',
      locks: budget.lockDurations(),
      statements: new Map(
        step.parts.map(({ lane }, index) => [lane.shard.name, veneerStatements(works[index])]),
      ),
    };
  } catch (error) {
    await Promise.all(step.parts.flatMap(({ lane }) => lane.openSessions()).map(rollbackQuietly));
    throw error;
  }
}

/** All of them ended before the first failure is thrown: what is still running must not outlive the rollback. */
async function allDone<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

const shardsFirst = (a: Participant, b: Participant): number =>
  Number(a.role === 'veneer') - Number(b.role === 'veneer');

async function refuseAllForeignReads({ parts }: Step): Promise<void> {
  for (const { lane } of parts) await refuseForeignReads(await lane.session(lane.shard.name));
}

const veneerStatements = (work: Work | undefined): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    (work?.participants ?? [])
      .filter(({ role }) => role === 'veneer')
      .map(({ member, statements }) => [member, statements]),
  );

interface Work {
  readonly participants: readonly Participant[];
}

async function doWork({ lane, planned, onPhase }: StepPart, step: string, budget: Budget): Promise<Work> {
  const { migration } = planned;
  const known = lane.known(migration.name);
  const veneers = await openVeneers(lane);
  if (known.fence || known.relations.length > 0) {
    for (const veneer of veneers) await lockFirst(lane, veneer, planned, known, budget);
  }
  const session = await lane.session(lane.shard.name);
  const onTenant = (done: number): void => onPhase('running', done);
  const xid = await beginOnShard(lane, session, { step, planned, budget, onTenant });
  const changes = await readChanges(lane, session);
  const fence = needsFence(lane, changes);
  onPhase('veneer');
  const differences = await Promise.all(veneers.map((veneer) => readDifference(lane, veneer, changes)));
  lane.learn(migration.name, { fence, relations: changedRelations(differences.flat()) });
  const aligned: Aligned[] = [];
  // Veneer after veneer, in the order of their names, so that two lanes cannot wait for each other.
  for (const [index, veneer] of veneers.entries()) {
    if (fence && !known.fence) await fenceOff(lane, veneer, budget);
    const statements = await alignVeneer(lane, veneer, changes, differences[index] ?? [], budget);
    aligned.push({ veneer, statements });
  }
  if (fence) await awaitOldSnapshots(lane, session, [...changes.rewritten, ...changes.tightened]);
  const partners = aligned.filter(({ statements }) => fence || statements.length > 0);
  const idle = aligned.filter((one) => !partners.includes(one));
  await Promise.all(idle.map(({ veneer }) => rollbackQuietly(veneer)));
  const replace = (member: string) => () => lane.session(member);
  const shard = lane.shard.name;
  return {
    participants: [
      { member: shard, role: 'shard', session, statements: [], replace: replace(shard), xid },
      ...partners.map(({ veneer, statements }) => ({
        member: veneer.member,
        role: 'veneer' as const,
        session: veneer,
        statements,
        replace: replace(veneer.member),
        xid: null,
      })),
    ],
  };
}

async function openVeneers(lane: Lane): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const { name } of veneerMembers(lane.run.config)) sessions.push(await lane.session(name));
  return sessions;
}

/** In the order in which the application takes its locks: veneer, then shard. */
async function lockFirst(
  lane: Lane,
  veneer: Session,
  { tenants }: PlannedStep,
  known: Affected,
  budget: Budget,
): Promise<void> {
  await beginOnVeneer(lane, veneer, budget);
  if (known.fence) await fenceVeneer(lane, veneer, budget);
  else await lockOnVeneer(lane, veneer, tenants, known.relations, budget);
}

interface Aligned {
  readonly veneer: Session;
  readonly statements: readonly string[];
}

/** Only what is there can be locked before the next attempt; a table that is to be created has no readers. */
const changedRelations = (changes: readonly Change[]): string[] => [
  ...new Set(changes.filter(({ kind }) => kind !== 'create').map(({ remote }) => remote.name)),
];

async function fenceOff(lane: Lane, veneer: Session, budget: Budget): Promise<void> {
  if (veneer.status() === 'I') await beginOnVeneer(lane, veneer, budget);
  await fenceVeneer(lane, veneer, budget);
}

/** By policy.rewrites. A fleet without veneers has no remote snapshots. */
function needsFence(lane: Lane, { rewritten, tightened }: ShardChanges): boolean {
  const { config } = lane.run;
  const [first] = rewritten;
  if (config.veneers.length === 0 || config.policy.rewrites === 'allow') return false;
  if (first === undefined || config.policy.rewrites === 'fence')
    return [...rewritten, ...tightened].length > 0;
  throw new VeneerError(
    `the migration rewrites or truncates ${display(first)}, and policy.rewrites refuses that`,
    {
      exitCode: EXIT.failed,
      where: { member: lane.shard.name },
      hint: 'add a new column, fill it, and switch over; or set policy.rewrites to fence',
    },
  );
}

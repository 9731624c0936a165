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
import { beginOnShard, readChanges, type ShardChanges } from './shard-work.js';
import { commitAttempt, type AttemptEnding, type Participant } from './commit.js';
import { alignVeneer, beginOnVeneer, lockOnVeneer } from './veneer-work.js';
import { watched } from './watched.js';

/** One migration on one shard and its veneers. */
export interface Step {
  readonly id: string;
  readonly planned: PlannedStep;
  readonly onPhase: (phase: StepPhase, tenantsDone?: number, why?: string) => void;
}

export interface AttemptResult extends AttemptEnding {
  readonly ms: number;
  readonly protocol: Protocol | 'one server';
  /** For how long each table of a veneer was locked. */
  readonly locks: readonly LockDuration[];
  readonly statements: Readonly<Record<string, readonly string[]>>;
}

/**
 * One try at a step (PROTOCOL section 4). Until the intent is written everything may be rolled back, and is, on
 * every failure; from then on what happened is settled by what the servers say. Throws what stood in the way of
 * the work; after that nothing of this attempt is left anywhere.
 *
 * What is known to be affected, from an earlier attempt or another shard, is locked on the veneers before the shard
 * is touched.
 */
export async function attempt(lane: Lane, step: Step, wanted: ProtocolChoice): Promise<AttemptResult> {
  const id: AttemptId = {
    fleet: lane.run.config.fleet,
    step: step.id,
    nonce: randomBytes(4).toString('hex'),
  };
  const budget = startBudget(lane.run.config.rollout);
  try {
    const known = lane.known(step.planned.migration.name);
    const work = await watched(lane, budget, () => doWork(lane, step, known, budget));
    const protocol = chooseProtocol(wanted, work.participants);
    if (protocol === 'lock-step') await refuseForeignReads(await lane.session(lane.shard.name));
    step.onPhase(work.participants.length > 1 && protocol === 'two-phase' ? 'preparing' : 'committing');
    const end = await commitAttempt(lane.run, {
      id,
      migration: step.planned.migration.name,
      participants: work.participants,
      statements: work.statements,
      protocol,
      replace: (member) => lane.session(member),
      checkXid: (member, xid) => refuseHiddenCommit(member, lane.shard.name, work.xid, xid),
    });
    if (end.ending.kind === 'committed') lane.settled.push(id);
    return {
      ...end,
      ms: budget.elapsed(),
      protocol: work.participants.length > 1 ? protocol : 'one server',
      locks: budget.lockDurations(),
      statements: work.statements,
    };
  } catch (error) {
    await Promise.all(lane.openSessions().map(rollbackQuietly));
    throw error;
  }
}

interface Work {
  readonly participants: readonly Participant[];
  readonly statements: Readonly<Record<string, readonly string[]>>;
  readonly xid: string;
}

async function doWork(lane: Lane, step: Step, known: Affected, budget: Budget): Promise<Work> {
  const { tenants, migration } = step.planned;
  const veneers = await openVeneers(lane);
  if (known.fence || known.relations.length > 0) {
    for (const veneer of veneers) await lockFirst(lane, veneer, step.planned, known, budget);
  }
  const session = await lane.session(lane.shard.name);
  const onTenant = (done: number): void => step.onPhase('running', done);
  const xid = await beginOnShard(lane, session, { step: step.id, planned: step.planned, budget, onTenant });
  const changes = await readChanges(lane, session, tenants);
  const fence = needsFence(lane, changes);
  lane.learn(migration.name, { fence, relations: [...new Set(changes.remote.map(({ name }) => name))] });
  step.onPhase('veneer');
  const aligned: Aligned[] = [];
  // Veneer after veneer, in the order of their names, so that two lanes cannot wait for each other.
  for (const veneer of veneers)
    aligned.push(await alignOne(lane, veneer, changes, fence && !known.fence, budget));
  if (fence) await awaitOldSnapshots(lane, session, changes.rewritten);
  const partners = aligned.filter(({ statements }) => fence || statements.length > 0);
  const idle = aligned.filter((one) => !partners.includes(one));
  await Promise.all(idle.map(({ veneer }) => rollbackQuietly(veneer)));
  return {
    participants: [
      { member: lane.shard.name, role: 'shard', session },
      ...partners.map(({ veneer }) => ({ member: veneer.member, role: 'veneer' as const, session: veneer })),
    ],
    statements: Object.fromEntries(partners.map(({ veneer, statements }) => [veneer.member, statements])),
    xid,
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

async function alignOne(
  lane: Lane,
  veneer: Session,
  changes: ShardChanges,
  fence: boolean,
  budget: Budget,
): Promise<Aligned> {
  if (fence) {
    if (veneer.status() === 'I') await beginOnVeneer(lane, veneer, budget);
    await fenceVeneer(lane, veneer, budget);
  }
  return { veneer, statements: await alignVeneer(lane, veneer, changes, budget) };
}

/** By policy.rewrites. A fleet without veneers has no remote snapshots. */
function needsFence(lane: Lane, { rewritten }: ShardChanges): boolean {
  const { config } = lane.run;
  const [first] = rewritten;
  if (first === undefined || config.veneers.length === 0 || config.policy.rewrites === 'allow') return false;
  if (config.policy.rewrites === 'fence') return true;
  throw new VeneerError(
    `the migration rewrites or truncates ${display(first)}, and policy.rewrites refuses that`,
    {
      exitCode: EXIT.failed,
      where: { member: lane.shard.name },
      hint: 'add a new column, fill it, and switch over; or set policy.rewrites to fence',
    },
  );
}

/** A COMMIT that parsing could not see (inside a procedure, say) would have ended our transaction half way. */
function refuseHiddenCommit(member: string, shard: string, began: string, now: string): void {
  if (member !== shard || began === now) return;
  throw new VeneerError('the migration ended the transaction that it ran in; part of it may be committed', {
    exitCode: EXIT.partial,
    where: { member },
    hint: 'take COMMIT and ROLLBACK out of the migration and of what it calls; then compare the shard with its ledger',
  });
}

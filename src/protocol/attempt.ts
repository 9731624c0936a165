import { randomBytes } from 'node:crypto';
import { EXIT, VeneerError } from '../errors.js';
import { veneerMembers } from '../fleet/member.js';
import type { PlannedStep } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import { rollbackQuietly } from '../postgres/transaction.js';
import type { StepPhase } from '../report/progress.js';
import { startBudget, type Budget } from './budget.js';
import { cancellable } from './cancel.js';
import type { AttemptId } from './gid.js';
import type { Lane } from './lane.js';
import { beginOnShard, readChanges, type ShardChanges } from './shard-work.js';
import { commitAttempt, type AttemptEnding, type Participant } from './two-phase.js';
import { alignVeneer, lockOnVeneer } from './veneer-work.js';

/** One migration on one shard and its veneers. */
export interface Step {
  readonly id: string;
  readonly planned: PlannedStep;
  readonly onPhase: (phase: StepPhase, tenantsDone?: number, why?: string) => void;
}

export interface AttemptResult extends AttemptEnding {
  readonly ms: number;
  /** Relation names that turned out to be affected: later attempts lock them on the veneer first. */
  readonly affected: readonly string[];
  readonly statements: Readonly<Record<string, readonly string[]>>;
}

/**
 * One try at a step (PROTOCOL section 4). Until the intent is written everything may be rolled back, and is, on
 * every failure; from then on what happened is settled by what the servers say. Throws what stood in the way of
 * the work; after that nothing of this attempt is left anywhere.
 *
 * `affected`: relations that are known to change. They are locked on the veneers before the shard is touched, in
 * the order in which the application takes its locks: veneer, then shard.
 */
export async function attempt(lane: Lane, step: Step, affected: readonly string[]): Promise<AttemptResult> {
  const id: AttemptId = {
    fleet: lane.run.config.fleet,
    step: step.id,
    nonce: randomBytes(4).toString('hex'),
  };
  const budget = startBudget(lane.run.config.rollout);
  try {
    const work = await cancellable(lane, () => doWork(lane, step, affected, budget));
    step.onPhase(work.participants.length > 1 ? 'preparing' : 'committing');
    const end = await commitAttempt(lane.run, {
      id,
      migration: step.planned.migration.name,
      participants: work.participants,
      statements: work.statements,
      replace: (member) => lane.session(member),
      checkXid: (member, xid) => refuseHiddenCommit(member, lane.shard.name, work.xid, xid),
    });
    if (end.ending.kind === 'committed') lane.settled.push(id);
    return { ...end, ms: budget.elapsed(), affected: work.affected, statements: work.statements };
  } catch (error) {
    await Promise.all(lane.openSessions().map(rollbackQuietly));
    throw error;
  }
}

interface Work {
  readonly participants: readonly Participant[];
  readonly statements: Readonly<Record<string, readonly string[]>>;
  readonly affected: readonly string[];
  readonly xid: string;
}

async function doWork(lane: Lane, step: Step, affected: readonly string[], budget: Budget): Promise<Work> {
  const { tenants } = step.planned;
  const veneers = await openVeneers(lane);
  if (affected.length > 0)
    for (const veneer of veneers) await lockOnVeneer(lane, veneer, tenants, affected, budget);
  const session = await lane.session(lane.shard.name);
  const onTenant = (done: number): void => step.onPhase('running', done);
  const xid = await beginOnShard(lane, session, { step: step.id, planned: step.planned, budget, onTenant });
  const changes = await readChanges(lane, session, tenants);
  step.onPhase('veneer');
  const aligned = await alignAll(lane, veneers, changes, budget);
  const shard: Participant = { member: lane.shard.name, role: 'shard', session };
  return {
    participants: [
      shard,
      ...aligned.map(({ veneer }) => ({ member: veneer.member, role: 'veneer' as const, session: veneer })),
    ],
    statements: Object.fromEntries(aligned.map(({ veneer, statements }) => [veneer.member, statements])),
    affected: aligned.length === 0 ? [] : [...new Set(changes.remote.map(({ name }) => name))],
    xid,
  };
}

async function openVeneers(lane: Lane): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const { name } of veneerMembers(lane.run.config)) sessions.push(await lane.session(name));
  return sessions;
}

/** Veneer after veneer, in the order of their names, so that two lanes cannot wait for each other. */
async function alignAll(
  lane: Lane,
  veneers: readonly Session[],
  changes: ShardChanges,
  budget: Budget,
): Promise<{ readonly veneer: Session; readonly statements: string[] }[]> {
  const aligned: { veneer: Session; statements: string[] }[] = [];
  for (const veneer of veneers) {
    const statements = await alignVeneer(lane, veneer, changes, budget);
    if (statements.length > 0) aligned.push({ veneer, statements });
  }
  return aligned;
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

import { randomBytes } from 'node:crypto';
import { rollbackQuietly } from '../../postgres/transaction.js';
import { startBudget, type Budget, type LockDuration } from '../lane/budget.js';
import type { Problem } from '../../errors.js';
import type { StepPhase } from '../../report/progress.js';
import { commitAttempt, type AttemptEnding } from './commit.js';
import { findFailures } from './find-failures.js';
import type { AttemptId } from '../run/gid.js';
import { openGroup, type Step } from '../group/group.js';
import type { GroupWork } from '../group/gather.js';
import { workOnGroup } from './group-work.js';
import type { Protocol, ProtocolChoice } from '../run/journal.js';
import type { Crew } from '../lane/lane.js';
import type { Participant } from '../group/participant.js';
import { chooseProtocol, refuseForeignReads } from './protocol-choice.js';
import type { Run } from '../run/run.js';
import { holdTurns, type HeldTurns } from '../run/turns.js';
import { watched } from '../lane/watched.js';

/** What an attempt has done that came to its end. */
export interface AttemptResult extends AttemptEnding {
  readonly ms: number;
  readonly protocol: Protocol | 'one server' | 'no transaction';
  /** Shards that did work of their own in it. */
  readonly shards: readonly string[];
  /** For how long each table of a veneer was locked. */
  readonly locks: readonly LockDuration[];
  /** By shard and veneer: the SQL that was executed there. */
  readonly statements: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
  /** By shard and veneer: INSERTs that no longer do what they did. */
  readonly writes: GroupWork['writes'];
}

/** What a step does, whoever takes part in it. */
export interface Job {
  readonly id: string;
  /** Null: there is none, foreign tables are brought in line. */
  readonly migration: string | null;
  /** Whose sessions it works on. */
  readonly crews: readonly Crew[];
  readonly onPhase: (phase: StepPhase, why?: string) => void;
  /** All of it up to the vote, in transactions that stay open. */
  readonly work: (budget: Budget, turns: HeldTurns) => Promise<GroupWork>;
  /** Throws where the work must not commit by this protocol. */
  readonly approve: (protocol: Protocol, participants: readonly Participant[]) => Promise<void>;
  /** The failures of all tenants, once one of them failed with this problem. */
  readonly failures: (problem: Problem) => Promise<readonly Problem[]>;
}

/** A step on shards and what shows them. */
export const shardJob = ({ id, migration, parts }: Step): Job => ({
  id,
  migration,
  crews: parts.map(({ lane }) => lane),
  onPhase: (phase, why) => {
    for (const part of parts) part.onPhase(phase, undefined, why);
  },
  work: async (budget, turns) => workOnGroup(await openGroup(parts), id, budget, turns),
  approve: async (protocol) => {
    if (protocol !== 'lock-step') return;
    for (const { lane } of parts) await refuseForeignReads(await lane.session(lane.shard.name));
  },
  failures: async (problem) => {
    const part = parts.find(({ lane }) => lane.shard.name === problem.where?.member);
    if (problem.where?.tenant === undefined || part === undefined) return [];
    const { lane, planned } = part;
    const found = planned.tenants.length === 1 ? [] : await findFailures(lane, planned).catch(() => []);
    return found.length === 0 ? [problem] : found;
  },
});

/**
 * One try at a step (PROTOCOL section 4). Until the intent is written everything may be rolled back, and is, on
 * every failure; from then on what happened is settled by what the servers say. Throws what stood in the way of
 * the work; after that nothing of this attempt is left anywhere.
 */
export async function attempt(run: Run, job: Job, wanted: ProtocolChoice): Promise<AttemptResult> {
  const id: AttemptId = { fleet: run.config.fleet, step: job.id, nonce: randomBytes(4).toString('hex') };
  const budget = startBudget(run.config.rollout);
  const { crews } = job;
  const turns = holdTurns(run.turns);
  try {
    const { participants, statements, writes } = await watchedOnAll(crews, budget, () =>
      job.work(budget, turns),
    );
    const protocol = chooseProtocol(wanted, participants);
    await job.approve(protocol, participants);
    const together = participants.length > 1;
    job.onPhase(together && protocol === 'two-phase' ? 'preparing' : 'committing');
    const end = await commitAttempt(run, {
      id,
      migration: job.migration,
      participants,
      protocol,
      holdLeft: () => budget.holdLeft(),
    });
    await leaveOthers(crews, participants);
    if (end.ending.kind === 'committed') {
      const settled = end.closed.then((closed) => (closed ? id : null));
      for (const crew of crews) crew.settled.push(settled);
    }
    return {
      ...end,
      ms: budget.elapsed(),
      protocol: together ? protocol : 'one server',
      shards: participants.filter(hasOwnWork).map(({ member }) => member),
      locks: budget.lockDurations(),
      statements,
      writes,
    };
  } catch (error) {
    await Promise.all(crews.flatMap((crew) => crew.openSessions()).map(rollbackQuietly));
    throw error;
  } finally {
    turns.giveBack();
  }
}

/** What it did is not all in its statements, so that nobody could do it again for it. */
const hasOwnWork = ({ role, whole = false }: Participant): boolean => role !== 'veneer' && !whole;

/** Sessions that have held what the others changed until these had committed, and changed nothing themselves. */
async function leaveOthers(crews: readonly Crew[], participants: readonly Participant[]): Promise<void> {
  const taking = new Set(participants.map(({ session }) => session));
  const others = crews.flatMap((crew) => crew.openSessions()).filter((session) => !taking.has(session));
  await Promise.all(others.map(rollbackQuietly));
}

/** A watch per crew, each over its own sessions, around one piece of work. */
const watchedOnAll = (
  crews: readonly Crew[],
  budget: Budget,
  work: () => Promise<GroupWork>,
): Promise<GroupWork> => crews.reduceRight((inner, crew) => () => watched(crew, budget, inner), work)();

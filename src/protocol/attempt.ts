import { randomBytes } from 'node:crypto';
import { rollbackQuietly } from '../postgres/transaction.js';
import { startBudget, type Budget, type LockDuration } from './budget.js';
import { commitAttempt, type AttemptEnding } from './commit.js';
import type { AttemptId } from './gid.js';
import { openGroup, type Step } from './group.js';
import { workOnGroup, type GroupWork } from './group-work.js';
import type { Protocol, ProtocolChoice } from './journal.js';
import type { Lane } from './lane.js';
import { chooseProtocol, refuseForeignReads } from './protocol-choice.js';
import type { Run } from './run.js';
import { watched } from './watched.js';

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
 */
export async function attempt(run: Run, step: Step, wanted: ProtocolChoice): Promise<AttemptResult> {
  const id: AttemptId = { fleet: run.config.fleet, step: step.id, nonce: randomBytes(4).toString('hex') };
  const budget = startBudget(run.config.rollout);
  const lanes = step.parts.map(({ lane }) => lane);
  try {
    const { participants, statements } = await watchedOnAll(lanes, budget, async () =>
      workOnGroup(await openGroup(step.parts), step.id, budget),
    );
    const protocol = chooseProtocol(wanted, participants);
    if (protocol === 'lock-step') await refuseAllForeignReads(step);
    const together = participants.length > 1;
    for (const { onPhase } of step.parts)
      onPhase(together && protocol === 'two-phase' ? 'preparing' : 'committing');
    const end = await commitAttempt(run, { id, migration: step.migration, participants, protocol });
    if (end.ending.kind === 'committed' && end.closed) for (const lane of lanes) lane.settled.push(id);
    return {
      ...end,
      ms: budget.elapsed(),
      protocol: together ? protocol : 'one server',
      locks: budget.lockDurations(),
      statements,
    };
  } catch (error) {
    await Promise.all(lanes.flatMap((lane) => lane.openSessions()).map(rollbackQuietly));
    throw error;
  }
}

/** A watch per lane, each over its own sessions, around one piece of work. */
const watchedOnAll = (
  lanes: readonly Lane[],
  budget: Budget,
  work: () => Promise<GroupWork>,
): Promise<GroupWork> => lanes.reduceRight((inner, lane) => () => watched(lane, budget, inner), work)();

async function refuseAllForeignReads({ parts }: Step): Promise<void> {
  for (const { lane } of parts) await refuseForeignReads(await lane.session(lane.shard.name));
}

import { setTimeout as delay } from 'node:timers/promises';
import { textOf } from '../../errors.js';
import { answeredWithin } from '../../postgres/answered.js';
import { literal } from '../../postgres/identifiers.js';
import { endTransaction } from '../../postgres/transaction.js';
import { COMMIT_ORDER } from '../group/participant.js';
import { formatGid } from '../run/gid.js';
import { findAll, findAllInLockStep } from './find-participants.js';
import { HINDERED, Hindered, replaying, replayOn, statementsOf } from './follow.js';
import { decide, decideLockStep } from './settlement.js';
import type { Ending, SettledParticipant, Unsettled } from './unsettled.js';

export interface Patient {
  readonly isHopeless?: () => boolean;
  /** Who asks is who began the attempt, and has not decided to commit it: see `decide`. */
  readonly givesUp?: boolean;
}

/**
 * Reads, decides and acts until the attempt is settled or the deadline has passed: its tables wait for us
 * meanwhile, so a member that comes back soon is worth waiting for. `deadlineMs` 0, or hopeless: one pass. Who may give it
 * up does so with what was found when the time was over, and nobody waits any more but on members that cannot be read; but not
 * once a pass has begun to commit what it found prepared everywhere: its answer may be lost, and what it did with it out of sight.
 */
export async function settleAttempt(
  unsettled: Unsettled,
  deadlineMs: number,
  { isHopeless = () => false, givesUp = false }: Patient = {},
): Promise<Ending> {
  const deadline = Date.now() + deadlineMs;
  const isOver = (): boolean => isHopeless() || Date.now() >= deadline;
  let isDecided = false;
  for (;;) {
    let isLast = false;
    const ending = await (unsettled.protocol === 'lock-step'
      ? settleLockStep(unsettled)
      : settleTwoPhase(unsettled, {
          givesUp: () => (isLast = isOver()) && givesUp && !isDecided && !isHopeless(),
          onCommit: () => void (isDecided = true),
        }));
    if (ending.kind !== 'in doubt' || isLast || isHopeless()) return ending;
    if (unsettled.protocol === 'lock-step' && isOver()) return ending;
    await delay(100);
  }
}

/** One pass in two-phase. */
interface Pass {
  /** Asked once all has been read. */
  readonly givesUp: () => boolean;
  /** Told before the first COMMIT PREPARED is sent. */
  readonly onCommit: () => void;
}

async function settleTwoPhase(unsettled: Unsettled, { givesUp, onCommit }: Pass): Promise<Ending> {
  const findings = await findAll(unsettled, 'to settle');
  const decision = decide(unsettled.n, findings, {
    intentKnown: unsettled.intentKnown,
    givesUp: givesUp(),
  });
  if (decision.kind === 'leave') return { ...decision, kind: 'in doubt' };
  const prepared = unsettled.participants.filter((_, index) => findings[index]?.state === 'prepared');
  if (decision.kind === 'commit') onCommit();
  const verb = decision.kind === 'commit' ? 'COMMIT' : 'ROLLBACK';
  const failed = await settlePrepared(unsettled, prepared, verb);
  if (failed !== null) return { kind: 'in doubt', why: failed };
  if (decision.kind === 'roll back')
    return decision.unread === null ? { kind: 'rolled back' } : { kind: 'in doubt', why: decision.unread };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  return { kind: 'committed', lost: notForgotten(unsettled, decision.lost), behind: [] };
}

async function settleLockStep(unsettled: Unsettled): Promise<Ending> {
  const decision = decideLockStep(await findAllInLockStep(unsettled, 'to settle'));
  if (decision.kind === 'leave') return { kind: 'in doubt', why: decision.why };
  if (decision.kind === 'roll back') return { kind: 'rolled back' };
  const lost = notForgotten(unsettled, decision.lost);
  const hindered: string[] = [];
  for (const participant of replaying(unsettled, decision)) {
    const statements = statementsOf(participant, decision);
    const end = statements === null ? 'unfit' : await replayOn(unsettled, participant, statements);
    // The others follow all the same: nothing is in their way.
    if (end instanceof Hindered) hindered.push(end.message);
    // Its statements no longer fit: the shard has committed, so the veneer is drift now, and sync repairs it.
    if (end === 'unfit') lost.push(participant.member);
  }
  if (hindered.length > 0) return { kind: 'in doubt', why: hindered.join('; '), hint: HINDERED };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  return { kind: 'committed', lost, behind: notForgotten(unsettled, decision.behind) };
}

/** What settlement would do, read without doing it. */
export async function foresee(unsettled: Unsettled): Promise<Ending> {
  const decision =
    unsettled.protocol === 'lock-step'
      ? decideLockStep(await findAllInLockStep(unsettled, 'to tell'))
      : decide(unsettled.n, await findAll(unsettled, 'to tell'), unsettled);
  if (decision.kind === 'leave') return { ...decision, kind: 'in doubt' };
  if (decision.kind === 'roll back') return { kind: 'rolled back' };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  const { lost } = decision;
  if (decision.kind === 'commit')
    return { kind: 'committed', lost: notForgotten(unsettled, lost), behind: [] };
  const unfit = replaying(unsettled, decision).filter((one) => statementsOf(one, decision) === null);
  return {
    kind: 'committed',
    lost: [...notForgotten(unsettled, lost), ...unfit.map(({ member }) => member)],
    behind: notForgotten(unsettled, decision.behind),
  };
}

const waitingFor = (members: readonly string[]): Ending => ({
  kind: 'in doubt',
  why: `committed, but ${members.join(', ')} cannot be reached`,
});

const notForgotten = ({ forgotten }: Unsettled, members: readonly string[]): string[] =>
  members.filter((member) => !forgotten.has(member));

/**
 * COMMIT PREPARED goes to the shards first: a veneer keeps its locks, and its readers waiting, until every shard
 * has what its definitions say. Of a rollback nobody waits for another's. Answers the first failure, or null.
 */
export async function settlePrepared(
  { id, n, sessionFor, at, patience }: Pick<Unsettled, 'id' | 'n' | 'sessionFor' | 'at' | 'patience'>,
  prepared: readonly SettledParticipant[],
  verb: 'COMMIT' | 'ROLLBACK',
): Promise<string | null> {
  const settle = async (participant: SettledParticipant): Promise<void> => {
    const { member } = participant;
    const gid = literal(formatGid({ ...id, participant: participant.index, n }));
    await at(`before ${verb.toLowerCase()} prepared:${member}`);
    const session = await sessionFor(participant);
    await answeredWithin(session, patience.answerMs, endTransaction(session, `${verb} PREPARED ${gid}`));
    await at(`after ${verb.toLowerCase()} prepared:${member}`);
  };
  const isOrdered = verb === 'COMMIT';
  const turns = isOrdered ? COMMIT_ORDER.map((role) => prepared.filter((p) => p.role === role)) : [prepared];
  for (const turn of turns) {
    const results = await Promise.allSettled(turn.map(settle));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) return textOf(failure.reason);
  }
  return null;
}

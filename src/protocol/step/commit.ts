import { textOf } from '../../errors.js';
import type { Crew } from '../lane/lane.js';
import { answeredWithin } from '../../postgres/answered.js';
import { currentXid } from '../../postgres/current-xid.js';
import type { Session } from '../../postgres/session.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import { refuseOutsideTransaction } from '../shard/same-transaction.js';
import { endWithEvidence, leaveEvidence, removeEvidence } from '../run/evidence.js';
import { attemptKey } from '../run/gid.js';
import { answerTime } from '../run/answer-time.js';
import { removeIntent, writeIntent, type Intent } from '../run/journal.js';
import { commitLockStep, startWindow, type Window } from '../settlement/lock-step.js';
import { journalMember } from '../run/journal-member.js';
import type { Run } from '../run/run.js';
import { settleAttempt } from '../settlement/settle-attempt.js';
import { patienceOf, type Ending, type SettledParticipant, type Unsettled } from '../settlement/unsettled.js';
import type { AttemptEnd, Participant } from '../group/participant.js';
import { commitTwoPhase, PrepareRefused } from './two-phase.js';
import { readUnknownCommit } from '../settlement/unknown-commit.js';

/** The ending of an attempt, and where it did not commit, the error that stood in the way. */
export interface AttemptEnding {
  readonly ending: Ending;
  readonly cause: unknown;
  /** Is its intent gone? Only then does its evidence decide nothing more. What follows need not wait for it. */
  readonly closed: Promise<boolean>;
  /** In lock-step: milliseconds from the first shard's COMMIT until the last veneer had followed, if it had. */
  readonly windowMs: number | null;
}

const COMMITTED = {
  ending: { kind: 'committed', lost: [], behind: [] },
  cause: null,
  windowMs: null,
} as const;

/** One that nobody has decided is given up when lock_hold is used up, but not before this time (milliseconds). */
const LEAST_SETTLE_MS = 2_000;

/**
 * Commits an attempt on all of its participants or on none (PROTOCOL sections 4, 5 and 7). Without participants there is nothing to commit. One: its own
 * COMMIT is atomic. Several: the intent first, then by the protocol; and whatever goes wrong from there on, what
 * happened is read from the servers.
 */
export async function commitAttempt(run: Run, end: AttemptEnd): Promise<AttemptEnding> {
  if (end.participants.length === 0) return { ...COMMITTED, closed: Promise.resolve(true) };
  refuseOutsideTransaction(end.participants.map(({ session }) => session));
  const unsettled = unsettledOf(run, end);
  const [only] = end.participants;
  if (only !== undefined && end.participants.length === 1) return commitAlone(run, only, unsettled);
  // Once its shards have committed nothing may be in the way of the veneers' rows any more.
  if (end.protocol === 'lock-step') await leaveAllEvidence(run, end);
  await run.guard();
  await run.at('before intent');
  const journal = await run.live(journalMember(run.config));
  run.unsettled.add(attemptKey(end.id));
  await answeredWithin(journal, answerTime(run.config), writeIntent(journal, intentOf(end)));
  await run.at('after intent');
  const window = startWindow();
  const failure = await (end.protocol === 'two-phase'
    ? commitTwoPhase(run, end, unsettled)
    : commitLockStep(run, end, window));
  if (failure !== null)
    return settled(run, unsettled, failure, { window, givesUpIn: giveUpIn(failure, end) });
  const windowMs = window.read();
  return { ...COMMITTED, closed: closeAttempt(run, unsettled), windowMs };
}

/** Evidence in every participant, before any of them votes or commits. */
async function leaveAllEvidence(run: Run, { id, participants }: AttemptEnd): Promise<void> {
  await Promise.all(
    participants.map(async ({ member, session }, index) => {
      await run.at(`before evidence:${member}`);
      const evidence = leaveEvidence(session, { ...id, participant: index + 1, n: participants.length });
      await answeredWithin(session, answerTime(run.config), evidence);
      await run.at(`after evidence:${member}`);
    }),
  );
}

async function commitAlone(run: Run, participant: Participant, unsettled: Unsettled): Promise<AttemptEnding> {
  const { member, session } = participant;
  // Known before the answer to COMMIT may be lost.
  const xid = participant.xid ?? (await currentXid(session));
  try {
    await run.at(`before commit:${member}`);
    const commit = endWithEvidence(session, { ...unsettled.id, participant: 1, n: 1 }, 'COMMIT');
    await answeredWithin(session, answerTime(run.config), commit);
    await run.at(`after commit:${member}`);
    return { ...COMMITTED, closed: Promise.resolve(true) };
  } catch (error) {
    await rollbackQuietly(session);
    const end = await settled(run, unsettled, error);
    if (end.ending.kind !== 'in doubt') return end;
    const ending = await readUnknownCommit(run, participant, { id: unsettled.id, xid });
    return { ...end, ending, closed: Promise.resolve(ending.kind !== 'in doubt') };
  }
}

/** After how long (milliseconds) an attempt is given up where a participant cannot be read; null: it may have been decided. */
const giveUpIn = (failure: unknown, { holdLeft }: AttemptEnd): number | null =>
  failure instanceof PrepareRefused ? Math.max(LEAST_SETTLE_MS, holdLeft()) : null;

/** Something went wrong after the first record was made: what happened is read from the servers, never assumed. */
async function settled(
  run: Run,
  unsettled: Unsettled,
  cause: unknown,
  { window, givesUpIn = null }: { readonly window?: Window; readonly givesUpIn?: number | null } = {},
): Promise<AttemptEnding> {
  const ending = await settleAttempt(unsettled, givesUpIn ?? answerTime(run.config), {
    isHopeless: run.isShutOut,
    givesUp: givesUpIn !== null,
  });
  const windowMs = ending.kind === 'committed' ? (window?.read() ?? null) : null;
  if (ending.kind === 'in doubt') return { ending, cause, closed: Promise.resolve(false), windowMs };
  const closed = unsettled.n === 1 || (await closeAttempt(run, unsettled));
  return { ending, cause, closed: Promise.resolve(closed), windowMs };
}

/**
 * Every participant is settled: the intent goes. Evidence stays until `forgetAttempts`, and decides nothing more. The next step
 * may begin meanwhile: whoever finds both intents settles each by itself, and of this one reads that all have committed.
 * Where the journal cannot be reached any more the attempt has ended all the same; the next recovery finds the
 * intent, reads that all is settled, and removes it.
 */
async function closeAttempt(run: Run, { id }: Unsettled): Promise<boolean> {
  let closed = true;
  try {
    await run.at('before close');
    const journal = await run.live(journalMember(run.config));
    await answeredWithin(journal, answerTime(run.config), removeIntent(journal, id));
    run.unsettled.delete(attemptKey(id));
    await run.at('after close');
  } catch (error) {
    closed = false;
    run.onProgress({
      type: 'notice',
      text: `a settled step could not be struck off the journal: ${textOf(error)}`,
    });
  }
  return closed;
}

/** In which a server that is there clears what decides nothing any more; else the next recovery does (milliseconds). */
const FORGET_MS = 5_000;

/** Clears the evidence of a crew's settled attempts; called once when it is through, since nothing waits for it. */
export async function forgetAttempts(crew: Pick<Crew, 'openSessions' | 'settled'>): Promise<void> {
  const settled = (await Promise.all(crew.settled)).flatMap((id) => id ?? []);
  const alive = crew.openSessions().filter((session) => !session.isLost());
  await Promise.allSettled(
    alive.map((session) => answeredWithin(session, FORGET_MS, removeEvidence(session, settled))),
  );
}

function unsettledOf(run: Run, { id, protocol, participants }: AttemptEnd): Unsettled {
  const sessions = participants.map(({ session }) => session);
  const sessionFor = async ({ index }: SettledParticipant): Promise<Session> => {
    const [session, participant] = [sessions[index - 1], participants[index - 1]];
    if (participant === undefined)
      throw new Error(`an attempt of ${participants.length} has no participant ${index}`);
    if (session !== undefined && !session.isLost()) return session;
    const replaced = await participant.replace();
    sessions[index - 1] = replaced;
    return replaced;
  };
  return {
    id,
    n: participants.length,
    participants: participants.map(({ member, role, session, statements, whole = false }, index) => ({
      member,
      role,
      index: index + 1,
      identity: session.server,
      statements,
      whole,
    })),
    intentKnown: true,
    protocol,
    sessionFor,
    at: run.at,
    forgotten: new Set(),
    patience: patienceOf(run),
  };
}

function intentOf({ id, migration, protocol, participants }: AttemptEnd): Intent {
  return {
    ...id,
    migration,
    protocol,
    participants: participants.map(({ member, role, session, statements, whole = false, xid }) => ({
      member,
      role,
      systemIdentifier: session.server.systemIdentifier,
      databaseOid: session.server.databaseOid,
      xid,
      user: session.server.user,
      statements: statements.map(({ sql }) => sql),
      follows: statements.map(({ follows }) => follows),
      whole,
    })),
  };
}

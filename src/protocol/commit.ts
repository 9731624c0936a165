import { textOf } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { endTransaction, rollbackQuietly } from '../postgres/transaction.js';
import { leaveEvidence, removeEvidence } from './evidence.js';
import type { AttemptId } from './gid.js';
import { removeIntent, writeIntent, type Intent, type Protocol } from './journal.js';
import { commitLockStep } from './lock-step.js';
import { anchorOf, journalMember, type Run } from './run.js';
import { settleAttempt, type Ending, type SettledParticipant, type Unsettled } from './settle-attempt.js';
import { commitTwoPhase } from './two-phase.js';

/** A member with an open transaction in which an attempt's work is done and all that is left is to commit. */
export interface Participant {
  readonly member: string;
  readonly role: 'shard' | 'veneer';
  readonly session: Session;
}

export interface AttemptEnd {
  readonly id: AttemptId;
  readonly migration: string | null;
  readonly participants: readonly Participant[];
  readonly statements: Intent['statements'];
  readonly protocol: Protocol;
  /** A session in place of one that broke, once the old one has ended. */
  readonly replace: (member: string) => Promise<Session>;
  /** Called with each participant's transaction id; throws where it is not the one that the work began in. */
  readonly checkXid: (member: string, xid: string) => void;
}

/** The ending of an attempt, and where it did not commit, the error that stood in the way. */
export interface AttemptEnding {
  readonly ending: Ending;
  readonly cause: unknown;
}

/** A decided attempt's tables wait for us: keep trying to settle for this long (milliseconds). */
const SETTLE_DEADLINE_MS = 30_000;

/**
 * Commits an attempt on all of its participants or on none (PROTOCOL sections 4, 5 and 7). One participant: its own
 * COMMIT is atomic. Several: the intent first, then by the protocol; and whatever goes wrong from there on, what
 * happened is read from the servers.
 */
export async function commitAttempt(run: Run, end: AttemptEnd): Promise<AttemptEnding> {
  const xids = await leaveAllEvidence(run, end);
  const unsettled = unsettledOf(run, end);
  const [only] = end.participants;
  if (only !== undefined && end.participants.length === 1) return commitAlone(run, only, unsettled);
  await run.guard();
  await run.at('before intent');
  await writeIntent(anchorOf(run, journalMember(run.config)), intentOf(end, xids));
  await run.at('after intent');
  const failure = await (end.protocol === 'two-phase'
    ? commitTwoPhase(run, end, unsettled)
    : commitLockStep(run, end));
  if (failure !== null) return settled(run, unsettled, failure);
  await closeAttempt(run, unsettled);
  return { ending: { kind: 'committed', lost: [] }, cause: null };
}

async function leaveAllEvidence(run: Run, end: AttemptEnd): Promise<Map<string, string>> {
  const xids = new Map<string, string>();
  await Promise.all(
    end.participants.map(async ({ member, session }, index) => {
      await run.at(`before evidence:${member}`);
      const xid = await leaveEvidence(session, {
        ...end.id,
        participant: index + 1,
        n: end.participants.length,
      });
      end.checkXid(member, xid);
      xids.set(member, xid);
      await run.at(`after evidence:${member}`);
    }),
  );
  return xids;
}

async function commitAlone(
  run: Run,
  { member, session }: Participant,
  unsettled: Unsettled,
): Promise<AttemptEnding> {
  try {
    await run.at(`before commit:${member}`);
    await endTransaction(session, 'COMMIT');
    await run.at(`after commit:${member}`);
    return { ending: { kind: 'committed', lost: [] }, cause: null };
  } catch (error) {
    await rollbackQuietly(session);
    return settled(run, unsettled, error);
  }
}

/** Something went wrong after the first record was made: what happened is read from the servers, never assumed. */
async function settled(run: Run, unsettled: Unsettled, cause: unknown): Promise<AttemptEnding> {
  const ending = await settleAttempt(unsettled, SETTLE_DEADLINE_MS);
  if (ending.kind !== 'in doubt' && unsettled.n > 1) await closeAttempt(run, unsettled);
  return { ending, cause };
}

/**
 * Every participant is settled: the intent goes. Evidence stays until `forgetAttempts`, and decides nothing more.
 * Where the journal cannot be reached any more the attempt has ended all the same; the next recovery finds the
 * intent, reads that all is settled, and removes it.
 */
async function closeAttempt(run: Run, { id }: Unsettled): Promise<void> {
  await run.at('before close');
  try {
    await removeIntent(anchorOf(run, journalMember(run.config)), id);
  } catch (error) {
    run.onProgress({
      type: 'notice',
      text: `a settled step could not be struck off the journal: ${textOf(error)}`,
    });
  }
  await run.at('after close');
}

/** Clears the evidence of settled attempts; called once when a shard is through, since nothing waits for it. */
export async function forgetAttempts(
  sessions: readonly Session[],
  attempts: readonly AttemptId[],
): Promise<void> {
  const alive = sessions.filter((session) => !session.isLost());
  await Promise.allSettled(alive.map((session) => removeEvidence(session, attempts)));
}

function unsettledOf(run: Run, end: AttemptEnd): Unsettled {
  const sessions = new Map(end.participants.map(({ member, session }) => [member, session]));
  const participants: SettledParticipant[] = end.participants.map(({ member, role, session }, index) => ({
    member,
    role,
    index: index + 1,
    identity: session.server,
  }));
  const sessionFor = async (member: string): Promise<Session> => {
    const session = sessions.get(member);
    if (session !== undefined && !session.isLost()) return session;
    const replaced = await end.replace(member);
    sessions.set(member, replaced);
    return replaced;
  };
  return {
    id: end.id,
    n: participants.length,
    participants,
    intentKnown: true,
    protocol: end.protocol,
    statements: end.statements,
    sessionFor,
    at: run.at,
    forgotten: new Set(),
  };
}

function intentOf(end: AttemptEnd, xids: ReadonlyMap<string, string>): Intent {
  return {
    ...end.id,
    migration: end.migration,
    protocol: end.protocol,
    statements: end.statements,
    participants: end.participants.map(({ member, role, session }) => ({
      member,
      role,
      systemIdentifier: session.server.systemIdentifier,
      databaseOid: session.server.databaseOid,
      xid: xids.get(member) ?? '',
      user: session.server.user,
    })),
  };
}

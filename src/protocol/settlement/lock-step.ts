import { answeredWithin } from '../../postgres/answered.js';
import { endTransaction, inTransaction, rollbackQuietly } from '../../postgres/transaction.js';
import { PIN_LOCALLY } from '../../postgres/hygiene.js';
import type { Session } from '../../postgres/session.js';
import { inCommitOrder, type AttemptEnd } from '../group/participant.js';
import { lockBound } from '../lane/budget.js';
import { answerTime } from '../run/answer-time.js';
import { leaveEvidence } from '../run/evidence.js';
import type { Gid } from '../run/gid.js';
import type { Run } from '../run/run.js';

/** The time in which a shard has committed and a veneer has not: what it shows meanwhile is out of date. */
export interface Window {
  /** The first COMMIT is about to be sent; further calls change nothing. */
  open(): void;
  /** Milliseconds since then; null: it was never opened. */
  read(): number | null;
}

export function startWindow(): Window {
  let opened: number | null = null;
  return {
    open: () => void (opened ??= performance.now()),
    read: () => (opened === null ? null : Math.round((performance.now() - opened) * 10) / 10),
  };
}

/**
 * Without prepared transactions (PROTOCOL section 7): everything has been executed, only the COMMITs are left; the
 * shard commits, then the veneers, which hold their locks until then. The window between the two is as long as one
 * round trip. Whoever dies in it leaves a shard ahead of its veneer: the intent holds the veneer's statements, and
 * settlement replays them. Answers null, or what went wrong.
 */
export async function commitLockStep(
  run: Run,
  { participants }: AttemptEnd,
  window: Window,
): Promise<unknown> {
  try {
    for (const { member, session } of participants.toSorted(inCommitOrder)) {
      await run.at(`before commit:${member}`);
      window.open();
      await answeredWithin(session, answerTime(run.config), endTransaction(session, 'COMMIT'));
      await run.at(`after commit:${member}`);
    }
    return null;
  } catch (error) {
    await Promise.all(participants.map(({ session }) => rollbackQuietly(session)));
    return error;
  }
}

/**
 * Does on a veneer what its lost transaction did: the recorded statements, not a difference read anew, which would
 * turn a rename into a drop and an add. The evidence in the same transaction makes it happen once. It waits for no lock for longer
 * than a step would, since the application waits behind it; what was not to be had is asked for again.
 */
export async function replay(
  session: Session,
  gid: Gid,
  statements: readonly string[],
  lockWaitMs: number,
): Promise<void> {
  const wait = Math.max(1, Math.floor(lockBound(lockWaitMs, session.server)));
  await inTransaction(session, async () => {
    await session.run([PIN_LOCALLY, `SET LOCAL lock_timeout = ${wait}`, ...statements].join(';\n'));
    await leaveEvidence(session, gid);
  });
}

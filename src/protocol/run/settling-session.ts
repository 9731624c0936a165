import { addressOf, memberNamed } from '../../fleet/member.js';
import { atMost } from '../../at-most.js';
import { EXIT, problemOf, VeneerError } from '../../errors.js';
import { answeredWithin } from '../../postgres/answered.js';
import { awaitSessionEnd, joinRun } from '../../postgres/settling-lock.js';
import { openSession, type Session } from '../../postgres/session.js';
import { answerTime } from './answer-time.js';
import type { Run } from './run.js';

/** How long (milliseconds) a broken session of our own may take to end on its server, where {@link answerTime} is no less. */
const OLD_SESSION_MS = 15_000;

/** In which a server that is there says that an anchor lives (milliseconds). */
const ANSWER_MS = 5_000;

/** Opens a session that may begin, prepare and settle on a member, as part of this run (PROTOCOL section 2). */
export async function openSettling(run: Run, member: string): Promise<Session> {
  const anchor = await run.live(member);
  try {
    return await openJoined(run, anchor);
  } catch (error) {
    // The server may have ended our anchor without our having heard of it: then it is won back, once.
    await hearOf(anchor, error).catch(() => undefined);
    if (!anchor.isLost()) throw error;
    return openJoined(run, await run.live(member));
  }
}

/**
 * Asks an anchor, which is left where its server says that it has no lock any more and it is silent. One that is silent and may have
 * it is kept: other lanes may be asking much of it, and with it would go the run's lock and their sessions.
 */
async function hearOf(anchor: Session, error: unknown): Promise<void> {
  const asked = anchor.query('SELECT');
  await (problemOf(error).exitCode === EXIT.locked
    ? answeredWithin(anchor, ANSWER_MS, asked)
    : atMost(ANSWER_MS, asked));
}

async function openJoined(run: Run, { member, pid }: Session): Promise<Session> {
  const session = await openSession({
    ...addressOf(memberNamed(run.config, member)),
    applicationName: run.applicationName,
    holdMs: run.config.rollout.lockHoldMs,
  });
  try {
    refuseSharedBackend(session, pid);
    await joinRun(session, run.keys, pid);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * Throws (exit 78) where another connection of ours, that of `pid`, is the same backend: nothing that a session holds, a lock above all,
 * is ours alone.
 */
export function refuseSharedBackend({ member, pid: own }: Session, pid: number): void {
  if (own !== pid) return;
  throw new VeneerError(
    `${member} is reached through a pooler in transaction mode: two connections share one backend`,
    {
      exitCode: EXIT.config,
      where: { member },
      hint: 'point its url at PostgreSQL itself, or at a pool in session mode',
    },
  );
}

/**
 * A session in place of one that broke. It is not handed out before the old one is gone from its server: only
 * then is the outcome of the old one's last statement final.
 */
export async function replaceSettling(run: Run, old: Session): Promise<Session> {
  await old.close();
  const session = await openSettling(run, old.member);
  try {
    const patience = Math.min(OLD_SESSION_MS, answerTime(run.config));
    await awaitSessionEnd(session, run.keys, old.pid, patience);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

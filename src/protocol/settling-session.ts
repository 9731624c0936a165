import { allMembers } from '../fleet/member.js';
import { EXIT, VeneerError } from '../errors.js';
import { awaitSessionEnd, joinRun } from '../postgres/fleet-lock.js';
import { openSession, type Session } from '../postgres/session.js';
import { anchorOf, type Run } from './run.js';

/** How long (milliseconds) a broken session of our own may take to end on its server. */
const OLD_SESSION_MS = 15_000;

/** Opens a session that may begin, prepare and settle on a member, as part of this run (PROTOCOL section 2). */
export async function openSettling(run: Run, member: string): Promise<Session> {
  const url = allMembers(run.config).find((m) => m.name === member)?.url;
  if (url === undefined) {
    throw new VeneerError(`${member} is not in shards.yaml`, {
      exitCode: EXIT.unreachable,
      where: { member },
    });
  }
  const session = await openSession({ member, url, applicationName: run.applicationName });
  try {
    const anchor = anchorOf(run, member);
    if (session.pid === anchor.pid) throw behindPooler(member);
    await joinRun(session, run.keys, anchor.pid);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Two connections of ours that are one backend: nothing that a session holds, a lock above all, is ours alone. */
const behindPooler = (member: string): VeneerError =>
  new VeneerError(
    `${member} is reached through a pooler in transaction mode: two connections share one backend`,
    {
      exitCode: EXIT.config,
      where: { member },
      hint: 'point its url at PostgreSQL itself, or at a pool in session mode',
    },
  );

/**
 * A session in place of one that broke. It is not handed out before the old one is gone from its server: only
 * then is the outcome of the old one's last statement final.
 */
export async function replaceSettling(run: Run, old: Session): Promise<Session> {
  await old.close();
  const session = await openSettling(run, old.member);
  try {
    await awaitSessionEnd(session, run.keys, old.pid, OLD_SESSION_MS);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

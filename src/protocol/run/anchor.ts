import { EXIT, VeneerError } from '../../errors.js';
import { claimDatabase, type KnownDatabases } from '../../fleet/identity.js';
import { addressOf, type Member } from '../../fleet/member.js';
import { fenceAndJoin } from '../../postgres/fleet-lock.js';
import { openSession, type Session } from '../../postgres/session.js';
import { markPartial, type Held } from './win-back.js';

/** Sessions of an earlier run get this long (milliseconds) to end after they were told to. */
export const FENCE_TIMEOUT_MS = 15_000;

/** Opens a session that takes a member's lock, and ends what an earlier run has there. Throws a VeneerError. */
export async function openAnchor(
  { held, databases }: { readonly held: Held; readonly databases: KnownDatabases },
  member: Member,
  takeLock: (session: Session) => Promise<void>,
): Promise<Session> {
  const { keys, opening } = held;
  const session = await openSession({ ...addressOf(member), ...opening });
  try {
    refuseStandby(session);
    claimDatabase(databases, session);
    await markPartial(held, session);
    await takeLock(session);
    // From here on the anchor is itself one of the sessions that may settle.
    await fenceAndJoin(session, keys, FENCE_TIMEOUT_MS);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Throws (exit 23) for a standby: it shows none of the transactions that are prepared on its primary. */
function refuseStandby(session: Session): void {
  if (!session.server.inRecovery) return;
  throw new VeneerError(`${session.member} is a read-only standby (pg_is_in_recovery)`, {
    exitCode: EXIT.unreachable,
    where: { member: session.member },
    hint: 'point its url at the primary',
  });
}

/** The locks go with the session; behind a pooler, which the run has refused by now, the backend would keep them. */
export async function letGo(session: Session): Promise<void> {
  if (!session.isLost()) await session.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  await session.close();
}

export const lostAnchor = (member: string): VeneerError =>
  new VeneerError(`the connection to ${member} that held the fleet's lock is lost`, {
    exitCode: EXIT.unreachable,
    where: { member },
  });

import { atMost } from '../../at-most.js';
import { EXIT, VeneerError } from '../../errors.js';
import { claimDatabase, type KnownDatabases } from '../../fleet/identity.js';
import { fenceAndJoin } from '../../postgres/settling-lock.js';
import { tryToHold } from '../../postgres/run-lock.js';
import type { FleetKeys } from '../../postgres/fleet-keys.js';
import type { Session } from '../../postgres/session.js';
import { markPartial, type Held } from './win-back.js';

/** Sessions of an earlier run get this long (milliseconds) to end after they were told to. */
export const FENCE_TIMEOUT_MS = 15_000;

/** Takes a member's locks with the session that is to be its anchor. Throws what stands in the way. */
export type Hold = (session: Session) => Promise<void>;

/** Has a session that was just opened take its member's locks. Throws a VeneerError; the session is closed then. */
export async function openAnchor(
  { held, databases }: { readonly held: Held; readonly databases: KnownDatabases },
  opening: Promise<Session>,
  hold: Hold,
): Promise<Session> {
  const session = await opening;
  try {
    refuseStandby(session);
    claimDatabase(databases, session);
    await markPartial(held, session);
    await hold(session);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * One try at both locks, for a run that begins, which all but ever finds nobody there; else the run lock by `takeLock`, and what an
 * earlier run has there is ended. From then on the anchor is itself one of the sessions that may settle. `onWait` is told before anybody is
 * waited for.
 */
export const holdAtOnce =
  (keys: FleetKeys, takeLock: Hold, onWait: () => void): Hold =>
  async (session) => {
    const came = await tryToHold(session, keys);
    if (came === 'both') return;
    onWait();
    if (came === 'nothing') await takeLock(session);
    await fenceAndJoin(session, keys, FENCE_TIMEOUT_MS);
  };

/** Throws (exit 23) for a standby: it shows none of the transactions that are prepared on its primary. */
export function refuseStandby(session: Pick<Session, 'member' | 'server'>): void {
  if (!session.server.inRecovery) return;
  throw new VeneerError(`${session.member} is a read-only standby (pg_is_in_recovery)`, {
    exitCode: EXIT.unreachable,
    where: { member: session.member },
    hint: 'point its url at the primary',
  });
}

/** Milliseconds. */
const ANSWER_MS = 2_000;

/** The locks go with the session; behind a pooler, which the run has refused by now, the backend would keep them. */
export async function letGo(session: Session): Promise<void> {
  const unlock = async (): Promise<unknown> =>
    session.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  // A server that stands still answers nothing, and the run has to end all the same.
  if (!session.isLost()) await atMost(ANSWER_MS, unlock());
  await session.close();
}

/** Exit 23: another run may have the fleet now. */
export const lostAnchor = (member: string): VeneerError =>
  new VeneerError(`the connection to ${member} that held the fleet's lock is lost`, {
    exitCode: EXIT.unreachable,
    where: { member },
  });

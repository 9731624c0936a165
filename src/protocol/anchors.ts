import type { Config } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import { claimDatabase, type KnownDatabases } from '../fleet/identity.js';
import { allMembers, type Member } from '../fleet/member.js';
import {
  fenceOldSessions,
  takeOrphanedRunLock,
  takeRunLock,
  tryLock,
  type FleetKeys,
} from '../postgres/fleet-lock.js';
import { openSession, type Session } from '../postgres/session.js';
import { ShutOut, winBack, type Opening } from './win-back.js';

/** A run's first connections, one for each member that answered: they hold the run lock there. */
export interface Anchors {
  /** By name. One that is lost stays until it is won back. */
  readonly sessions: ReadonlyMap<string, Session>;
  /** Takes a member's lock. Throws exit 23 where it cannot be reached, 30 where another runner has it. */
  readonly open: (member: Member) => Promise<void>;
  /** The member's anchor; one that was lost is won back first. Throws (exit 23) where it is not to be had. */
  readonly live: (member: string) => Promise<Session>;
  /** Some other run may be at work: this one wins no lock any more. */
  readonly isShutOut: () => boolean;
  readonly close: () => Promise<void>;
}

/** Sessions of an earlier run get this long (milliseconds) to end after they were told to. */
export const FENCE_TIMEOUT_MS = 15_000;

/** `first`: the member whose lock decides which run has the fleet. */
export function startAnchors(
  config: Config,
  first: string,
  keys: FleetKeys,
  applicationName: string,
): Anchors {
  const sessions = new Map<string, Session>();
  const opening: Opening = { applicationName, holdMs: config.rollout.lockHoldMs };
  const winning = new Map<string, Promise<Session>>();
  const databases: KnownDatabases = new Map();
  let shutOut = false;
  const winAgain = async (member: string, lost: Session): Promise<Session> => {
    const found = allMembers(config).find(({ name }) => name === member);
    if (found === undefined || shutOut) throw lostAnchor(member);
    try {
      const session = await winBack({ keys, first, sessions, opening }, found, lost);
      sessions.set(member, session);
      return session;
    } catch (error) {
      shutOut ||= error instanceof ShutOut;
      throw error;
    }
  };
  return {
    sessions,
    isShutOut: () => shutOut,
    open: async (member) => {
      const take = (session: Session): Promise<void> =>
        member.name === first
          ? takeRunLock(session, keys, config.fleet)
          : takeOrphanedRunLock(session, keys, FENCE_TIMEOUT_MS);
      const check = (session: Session): void => claimDatabase(databases, session);
      sessions.set(member.name, await openAnchor(member, opening, keys, check, take));
    },
    live: async (member) => {
      const session = sessions.get(member);
      if (session === undefined) throw lostAnchor(member);
      if (!session.isLost()) return session;
      // Several lanes may miss it at the same time: it is won once, for all of them.
      const again = winning.get(member) ?? winAgain(member, session);
      winning.set(member, again);
      return again.finally(() => winning.delete(member));
    },
    close: async () => void (await Promise.all([...sessions.values()].map(letGo))),
  };
}

async function openAnchor(
  member: Member,
  opening: Opening,
  keys: FleetKeys,
  check: (session: Session) => void,
  takeLock: (session: Session) => Promise<void>,
): Promise<Session> {
  const session = await openSession({ member: member.name, url: member.url, ...opening });
  try {
    refuseStandby(session);
    check(session);
    await takeLock(session);
    await fenceOldSessions(session, keys, FENCE_TIMEOUT_MS);
    // From here on the anchor is itself one of the sessions that may settle.
    await tryLock(session, keys.settling, 'shared');
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Throws (exit 23) for a standby: it shows none of the transactions that are prepared on its primary. */
export function refuseStandby(session: Session): void {
  if (!session.server.inRecovery) return;
  throw new VeneerError(`${session.member} is a read-only standby (pg_is_in_recovery)`, {
    exitCode: EXIT.unreachable,
    where: { member: session.member },
    hint: 'point its url at the primary',
  });
}

/** The locks go with the session; behind a pooler, which the run has refused by now, the backend would keep them. */
async function letGo(session: Session): Promise<void> {
  if (!session.isLost()) await session.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  await session.close();
}

export const lostAnchor = (member: string): VeneerError =>
  new VeneerError(`the connection to ${member} that held the fleet's lock is lost`, {
    exitCode: EXIT.unreachable,
    where: { member },
  });

import type { Config } from '../../config/config.js';
import { problemOf, VeneerError, type Problem } from '../../errors.js';
import { claimDatabase, type KnownDatabases } from '../../fleet/identity.js';
import { addressOf, allMembers, memberNamed, type Member } from '../../fleet/member.js';
import { openMembers } from '../../fleet/open-members.js';
import { parkedSession } from '../../postgres/parked-session.js';
import { newParking } from '../../postgres/parking.js';
import { openSession, type Session } from '../../postgres/session.js';
import type { CommandContext } from './context.js';

/** Sessions for looking only: no lock of the fleet is taken, so that reading never stops a runner. */
export interface Readers {
  /** Throws (exit 23) where the member could not be reached. */
  readonly sessionOf: (member: string) => Session;
  readonly unreachable: ReadonlyMap<string, Problem>;
  /** Those that answered, by name. */
  readonly sessions: ReadonlyMap<string, Session>;
  /** Opens another one to a member, closed with the rest. */
  readonly another: (member: string) => Promise<Session>;
}

/**
 * Opens a read-only session to every member, and closes them afterwards: those of databases that are connected when needed
 * for as long as something runs in them, rollout.concurrency of these at a time.
 */
export async function withReaders<T>(
  config: Config,
  context: Pick<CommandContext, 'who'>,
  work: (readers: Readers) => Promise<T>,
): Promise<T> {
  const sessions = new Map<string, Session>();
  const more: Session[] = [];
  const databases: KnownDatabases = new Map();
  const parking = newParking(config.rollout.concurrency);
  const openReader = (member: Member): Promise<Session> => openOne(config, context, member, databases);
  const open = async (member: Member): Promise<void> => {
    if (member.connected === 'throughout') return void sessions.set(member.name, await openReader(member));
    const session = parkedSession(member.name, parking, () => openReader(member));
    await session.visit();
    sessions.set(member.name, session);
  };
  try {
    const errors = await openMembers(allMembers(config), open);
    const sessionOf = (member: string): Session => {
      const session = sessions.get(member);
      if (session === undefined)
        throw errors.get(member) ?? new VeneerError(`${member} is not in shards.yaml`, { exitCode: 78 });
      return session;
    };
    const another = async (name: string): Promise<Session> => {
      const session = await openOne(config, context, memberNamed(config, name), new Map());
      more.push(session);
      return session;
    };
    const unreachable = new Map([...errors].map(([member, error]) => [member, problemOf(error)]));
    return await work({ sessionOf, unreachable, sessions, another });
  } finally {
    await Promise.all([...sessions.values(), ...more].map((session) => session.close()));
  }
}

async function openOne(
  config: Config,
  { who }: Pick<CommandContext, 'who'>,
  member: Member,
  databases: KnownDatabases,
): Promise<Session> {
  const { lockHoldMs, lockWaitMs } = config.rollout;
  const session = await openSession({
    ...addressOf(member),
    applicationName: `pgv reading ${who}`,
    holdMs: lockHoldMs,
    // Definitions are deparsed, which waits for whoever holds the relation: a step at work, or one in doubt.
    settings: { default_transaction_read_only: 'on', lock_timeout: String(lockWaitMs) },
  });
  try {
    claimDatabase(databases, session);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

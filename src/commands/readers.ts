import type { Config } from '../config/config.js';
import { problemOf, VeneerError, type Problem } from '../errors.js';
import { claimDatabase, type KnownDatabases } from '../fleet/identity.js';
import { allMembers } from '../fleet/member.js';
import { openSession, type Session } from '../postgres/session.js';
import type { CommandContext } from './context.js';

/** Sessions for looking only: no lock of the fleet is taken, so that reading never stops a runner. */
export interface Readers {
  /** Throws (exit 23) where the member could not be reached. */
  readonly sessionOf: (member: string) => Session;
  readonly unreachable: ReadonlyMap<string, Problem>;
  /** Those that answered, by name. */
  readonly sessions: ReadonlyMap<string, Session>;
}

/** Opens a read-only session to every member at once, and closes them afterwards. */
export async function withReaders<T>(
  config: Config,
  context: Pick<CommandContext, 'who'>,
  work: (readers: Readers) => Promise<T>,
): Promise<T> {
  const sessions = new Map<string, Session>();
  const errors = new Map<string, unknown>();
  const databases: KnownDatabases = new Map();
  const open = async ({
    name,
    url,
  }: {
    readonly name: string;
    readonly url: Config['shards'][number]['url'];
  }): Promise<void> => {
    try {
      const session = await openSession({
        member: name,
        url,
        applicationName: `pgv reading ${context.who}`,
        holdMs: config.rollout.lockHoldMs,
      });
      sessions.set(name, session);
      claimDatabase(databases, session);
      // Definitions are deparsed, which waits for whoever holds the relation: a step at work, or one in doubt.
      await session.run(
        `SET default_transaction_read_only = on; SET lock_timeout = ${config.rollout.lockWaitMs}`,
      );
    } catch (error) {
      errors.set(name, error);
    }
  };
  try {
    await Promise.all(allMembers(config).map(open));
    const sessionOf = (member: string): Session => {
      const session = sessions.get(member);
      if (session === undefined)
        throw errors.get(member) ?? new VeneerError(`${member} is not in shards.yaml`, { exitCode: 78 });
      return session;
    };
    const unreachable = new Map([...errors].map(([member, error]) => [member, problemOf(error)]));
    return await work({ sessionOf, unreachable, sessions });
  } finally {
    await Promise.all([...sessions.values()].map((session) => session.close()));
  }
}

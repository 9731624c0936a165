import type { Config } from '../../config/config.js';
import { EXIT, problemOf } from '../../errors.js';
import { addressOf, memberNamed } from '../../fleet/member.js';
import { openSession, type Session } from '../../postgres/session.js';
import { journals } from '../../protocol/run/journal-member.js';
import type { CommandContext } from '../common/context.js';

/**
 * Borrows a session to every member that may keep a journal, in order, without any lock of the fleet: the other members need
 * not be there, nor all of these; a sentence tells of each that is away. Throws (exit 23) where none can be reached.
 */
export async function withJournals<T>(
  config: Config,
  { who }: Pick<CommandContext, 'who'>,
  purpose: 'reading' | 'stopping',
  work: (sessions: readonly Session[], notices: readonly string[]) => Promise<T>,
): Promise<T> {
  const sessions: Session[] = [];
  const away: unknown[] = [];
  try {
    for (const name of journals(config)) {
      await openJournal(config, name, `pgv ${purpose} ${who}`).then(
        (session) => sessions.push(session),
        (error: unknown) => away.push(error),
      );
    }
    const fault = away.find((error) => problemOf(error).exitCode !== EXIT.unreachable);
    if (fault !== undefined || sessions.length === 0) throw fault ?? away[0];
    if (purpose === 'reading')
      for (const session of sessions) await session.run('SET default_transaction_read_only = on');
    return await work(
      sessions,
      away.map((error) => problemOf(error).message),
    );
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

function openJournal(config: Config, name: string, applicationName: string): Promise<Session> {
  return openSession({
    ...addressOf(memberNamed(config, name)),
    applicationName,
    holdMs: config.rollout.lockHoldMs,
  });
}

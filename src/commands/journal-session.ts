import type { Config } from '../config/config.js';
import { addressOf, findMember } from '../fleet/member.js';
import { withSession, type Session } from '../postgres/session.js';
import { journalMember } from '../protocol/run.js';
import type { CommandContext } from './context.js';

/**
 * Borrows a session to the journal member alone, without any lock of the fleet: the other members need not be there.
 * Throws (exit 23) where it cannot be reached.
 */
export async function withJournal<T>(
  config: Config,
  { who }: Pick<CommandContext, 'who'>,
  purpose: 'reading' | 'stopping',
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const member = findMember(config, journalMember(config));
  if (member === undefined) throw new Error('the journal member is a member');
  const options = {
    ...addressOf(member),
    applicationName: `pgv ${purpose} ${who}`,
    holdMs: config.rollout.lockHoldMs,
  };
  return withSession(options, async (session) => {
    if (purpose === 'reading') await session.run('SET default_transaction_read_only = on');
    return work(session);
  });
}

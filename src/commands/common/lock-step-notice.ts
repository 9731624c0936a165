import type { Config } from '../../config/config.js';
import { allMembers } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';

/** What runs where a server cannot prepare. */
export const LOCK_STEP =
  'steps there run in lock-step, and a crash between two commits leaves a veneer behind its shard until the next run';

/** Does more than one member commit in a step? Alone a shard commits by itself. Pure. */
export const mayNeedSlots = ({ veneers, rollout }: Config): boolean =>
  veneers.length > 0 || rollout.atomic !== null;

/** How many are named. */
const NAMED = 5;

/**
 * What runs over a server that cannot prepare, as PostgreSQL is installed: told before it is done, since what makes it better
 * needs a restart. `known`: the session to a member, where it was reached.
 */
export function lockStepNotices(config: Config, known: (member: string) => Session | undefined): string[] {
  if (!mayNeedSlots(config)) return [];
  // The databases of a server are told of by the first.
  const unable = allMembers(config)
    .filter(({ connected }) => connected === 'throughout')
    .flatMap(({ name }) => (known(name)?.server.maxPreparedTransactions === 0 ? [name] : []));
  if (unable.length === 0) return [];
  const more = unable.length > NAMED ? ` and ${unable.length - NAMED} more` : '';
  return [
    `no prepared transactions on ${unable.slice(0, NAMED).join(', ')}${more}: ${LOCK_STEP}; set max_prepared_transactions = 64 there and restart`,
  ];
}

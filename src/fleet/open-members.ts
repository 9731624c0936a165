import { EXIT, problemOf } from '../errors.js';
import type { Member } from './member.js';

/**
 * Opens something to every member; answers those that failed, by name, with what was thrown. First to those that stay: where
 * a server does not answer at all, none of its other databases is asked, which could take a timeout each.
 */
export async function openMembers(
  members: readonly Member[],
  open: (member: Member) => Promise<void>,
): Promise<ReadonlyMap<string, unknown>> {
  const failed = new Map<string, unknown>();
  const silent = new Map<string, unknown>();
  const tryOpen = async (member: Member): Promise<void> => {
    const { name, shard } = member;
    try {
      const known = shard === null ? undefined : silent.get(shard.key);
      if (known !== undefined) throw known;
      await open(member);
    } catch (error) {
      failed.set(name, error);
      if (shard !== null && isSilence(error)) silent.set(shard.key, error);
    }
  };
  await Promise.all(members.filter(({ connected }) => connected === 'throughout').map(tryOpen));
  await Promise.all(members.filter(({ connected }) => connected === 'when needed').map(tryOpen));
  return failed;
}

/** The network's word, not the server's: that one has a SQLSTATE. */
function isSilence(error: unknown): boolean {
  const { exitCode, sqlstate } = problemOf(error);
  return exitCode === EXIT.unreachable && sqlstate === undefined;
}

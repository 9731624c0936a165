import { atMost } from '../../at-most.js';
import type { ShardConfig } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';

/** How many are asked, while locks are held: more than these are met with instead, as if nothing were known of them. */
const MOST = 16;

/** Milliseconds. */
const ANSWER_MS = 2_000;

/**
 * What shards that take no part in a step answer, all together. Nobody watches these questions, and nobody wins a connection back for
 * them: one whose connection is lost, who fails or is silent answers nothing, and is taken for one that has something else.
 */
export async function askOutside<T>(
  shards: readonly ShardConfig[],
  sessionOf: (shard: string) => Session | null,
  ask: (shard: ShardConfig, session: Session) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  if (shards.length > MOST) return [];
  const answers = await Promise.all(
    shards.map(async (shard) => {
      const session = sessionOf(shard.name);
      if (session === null || session.isLost()) return [];
      const answer = await atMost(
        ANSWER_MS,
        ask(shard, session).catch(() => []),
      );
      return answer ?? [];
    }),
  );
  return answers.flat();
}

import type { ShardConfig } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import type { Run } from '../../protocol/run/run.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import { hintFor, settledText } from './settled.js';

/** What forbids to begin: a selected shard that cannot be reached, or whose last step is still in doubt. */
export function obstaclesTo(
  run: Run,
  shards: readonly ShardConfig[],
  settled: readonly SettledAttempt[],
): Problem[] {
  const names = new Set(shards.map((shard) => shard.name));
  const unreachable = [...run.unreachable]
    .filter(([member]) => names.has(member))
    .map(([member, problem]) => ({
      ...problem,
      where: { member },
      hint: problem.hint ?? `bring ${member} back, or go on without it: --shard selects the others`,
    }));
  const inDoubt = settled
    .filter(({ ending, members }) => ending === 'in doubt' && members.some((member) => names.has(member)))
    .map((attempt) => ({
      message: `an earlier step is in doubt: ${settledText(attempt)}`,
      exitCode: EXIT.inDoubt,
      hint: hintFor(attempt),
    }));
  return [...unreachable, ...inDoubt];
}

import type { CommandContext } from '../../src/commands/common/context.js';
import type { UpReport } from '../../src/report/up.js';
import type { Commands } from './commands.js';
import { holdAt, signal } from './hold.js';

/** A runner that stops at a point of the protocol until it is let go. */
export interface Stalled {
  readonly at: CommandContext['at'];
  /** Resolves when it has come to its point, and has passed all that it was to pass before. */
  readonly reached: Promise<unknown>;
  readonly release: () => void;
}

/** `passed`: points of other members, whose work goes on side by side. */
export function stallAt(point: string, passed: readonly string[] = []): Stalled {
  const hold = holdAt(point);
  const others = new Map(passed.map((name) => [name, signal()]));
  return {
    at: async (reached) => {
      others.get(reached)?.fire();
      await hold.at(reached);
    },
    reached: Promise.all([hold.reached, ...[...others.values()].map(({ promise }) => promise)]),
    release: hold.release,
  };
}

/** `up` of shard1 that has come to the point where it is stalled, or is over. */
export async function stalledUp(
  run: Pick<Commands, 'up'>,
  stalled: Stalled,
): Promise<{ readonly report: Promise<UpReport> }> {
  const report = run.up({ shards: ['shard1'] });
  await Promise.race([stalled.reached, report]);
  return { report };
}

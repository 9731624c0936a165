import type { CrashFleet } from './crash-fleet.js';
import { commandsOn } from './commands.js';
import type { Kind } from './crash-migrations.js';
import { occurrences } from './occurrences.js';
import type { Protocol } from '../../src/protocol/run/journal.js';

/** A named point of the protocol, at which a run can be killed. */
export interface Point {
  readonly name: string;
  /** 1 for the first time that a run comes by. */
  readonly occurrence: number;
  /** Whose step it is; with shards side by side, whose step was reported last. */
  readonly shard: string;
}

export const pointText = ({ name, occurrence, shard }: Point): string => `${name} #${occurrence} (${shard})`;

/** All points of one `up` of a migration of this kind, in order. */
export async function recordPoints(
  crash: CrashFleet,
  { kind, protocol }: { readonly kind: Kind; readonly protocol: Protocol },
): Promise<Point[]> {
  const points: Point[] = [];
  const count = occurrences();
  let shard = '';
  await crash.add(kind);
  const recording = commandsOn(crash.fleet, {
    onProgress: (event) => {
      if (event.type === 'step') shard = event.shard;
    },
    at: async (name) => {
      points.push({ name, occurrence: count(name), shard });
    },
  });
  const { exitCode, problems } = await recording.up({ protocol });
  if (exitCode !== 0) throw new Error(`nothing to record: ${JSON.stringify(problems)}`);
  return points;
}

/** The part of a step in which something may be in doubt: what `recover` is for. */
export function isAfterIntent(points: readonly Point[], point: Point): boolean {
  const step = points.filter(({ shard }) => shard === point.shard);
  const intent = step.findIndex(({ name }) => name === 'after intent');
  return intent >= 0 && step.indexOf(point) >= intent;
}

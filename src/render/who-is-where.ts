import { groupBy } from '../group-by.js';
import type { UpReport, UpShard } from '../report/up.js';
import type { Block } from './blocks/block.js';
import type { Style } from './blocks/style.js';
import { tableLines } from './blocks/table.js';
import { migrationsOf } from './up-dry-run.js';
import { names, stepName } from './blocks/words.js';

/** Which shards are at which migration, the furthest first; nothing when they are all at one place, or where they were before. */
export function whoIsWhere({ shards, exitCode }: UpReport, style: Style): Block {
  const order = migrationsOf(shards);
  const places = shards.map((shard) => ({
    shard: shard.shard,
    place: placeOf(shard),
    rank: rankOf(shard, order),
  }));
  const groups = [...groupBy(places, ({ place }) => place).values()];
  if (exitCode === 0 || groups.length < 2 || !shards.some(lastCommitted)) return [];
  const sorted = groups.toSorted((a, b) => (b[0]?.rank ?? 0) - (a[0]?.rank ?? 0));
  const rows = sorted.map((group) => [
    { text: `  ${group[0]?.place ?? ''}` },
    { text: names(group.map(({ shard }) => shard)), paint: style.bold },
  ]);
  return ['who is where:', ...tableLines(rows, ['place', 'shards'])];
}

function placeOf(shard: UpShard): string {
  const { steps, state } = shard;
  const last = lastCommitted(shard);
  if (last !== undefined)
    return steps.at(-1) === last ? `at ${stepName(last)}, the last` : `at ${stepName(last)}`;
  if (steps[0] !== undefined) return `before ${stepName(steps[0])}`;
  return state === 'up to date' ? 'nothing was pending' : state;
}

const lastCommitted = ({ steps }: UpShard) => steps.findLast(({ state }) => state === 'committed');

/** Those without anything pending are furthest; those of whom nothing is known come last. */
function rankOf(shard: UpShard, order: readonly string[]): number {
  const last = lastCommitted(shard);
  if (last !== undefined) return order.indexOf(stepName(last));
  if (shard.steps[0] !== undefined) return order.indexOf(stepName(shard.steps[0])) - 0.5;
  return shard.state === 'up to date' ? order.length : -1;
}

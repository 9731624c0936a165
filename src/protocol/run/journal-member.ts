import type { Config } from '../../config/config.js';

/** Where an intent may be: on every veneer, since a run that leaves the first one out keeps its intents on the next. */
export const journals = (config: Config): string[] =>
  config.veneers.length > 0 ? config.veneers.map(({ name }) => name) : [journalMember(config)];

/** Where a run keeps its intents: the first veneer by name; without veneers the first shard. */
export function journalMember(config: Config): string {
  const name = config.veneers[0]?.name ?? config.shards[0]?.name;
  if (name === undefined) throw new Error('a fleet has a veneer or a shard');
  return name;
}

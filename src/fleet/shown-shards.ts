import type { Config, ShardConfig } from '../config/config.js';

/**
 * The shards that a veneer shows, with the servers that stand for them there: where its route to a shard differs, its own
 * options. A veneer never shows what it owns itself.
 */
export function shardsShownOn({ shards, veneers }: Config, veneer: string): ShardConfig[] {
  const routes = veneers.find(({ name }) => name === veneer)?.routes;
  return shards
    .filter(({ name }) => name !== veneer)
    .map((shard) => {
      const { name, options } = shard.server;
      return { ...shard, server: { name, options: { ...options, ...routes?.get(shard.key) } } };
    });
}

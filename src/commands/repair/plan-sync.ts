import type { Config, ShardConfig } from '../../config/config.js';
import { readUnionFacts } from '../../protocol/align/union-facts.js';
import { leftOn, type LeftOnVeneer } from '../../protocol/sync/repair-veneers.js';
import { readRepairs, readWanted, repairStatements } from '../../protocol/sync/sync-work.js';
import { unionStatements } from '../../veneer/unions.js';
import type { Readers } from '../common/readers.js';
import type { ShardResult } from './sync-report.js';

/** What would be done for each shard, and at last for the views over all tenants. Reads only. */
export async function planSync(
  config: Config,
  shards: readonly ShardConfig[],
  prune: boolean,
  readers: Readers,
): Promise<ShardResult[]> {
  const shardResults = await Promise.all(
    shards.map(async (shard): Promise<ShardResult> => {
      const others = config.shards
        .filter(({ name }) => name !== shard.name && !readers.unreachable.has(name))
        .map((other) => ({ shard: other, session: readers.sessionOf(other.name) }));
      const scope = { config, shard, prune, others };
      const wanted = await readWanted(readers.sessionOf(shard.name), scope);
      const statements: Record<string, readonly string[]> = {};
      const left: LeftOnVeneer[] = [];
      for (const { name } of config.veneers.filter((veneer) => veneer.name !== shard.name)) {
        const repairs = await readRepairs(readers.sessionOf(name), scope, wanted);
        statements[name] = repairStatements(config, repairs);
        left.push(...leftOn(name, repairs));
      }
      return { statements, problem: null, left };
    }),
  );
  return [...shardResults, { statements: await unionStatementsOn(config, readers), problem: null }];
}

/** By veneer: views over all tenants, as far as they are amiss over the tables that are there now. */
async function unionStatementsOn(
  config: Config,
  readers: Readers,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = config.veneers.map(async ({ name }) => {
    const facts = await readUnionFacts(config, readers.sessionOf(name));
    return [name, unionStatements(facts)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

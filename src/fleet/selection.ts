import { EXIT, VeneerError } from '../errors.js';
import type { Config, ShardConfig } from '../config/config.js';
import { matchesGlob } from './glob.js';

export interface Selection {
  /** Globs over shard names; none means all. */
  readonly shards: readonly string[];
  /** Globs over tenant names; none means all. */
  readonly tenants: readonly string[];
}

/**
 * The shards of the fleet, each with its selected tenants only; shards without any are left out. Throws (exit 64)
 * for a pattern that selects nothing, since a typo would otherwise be a silent success.
 */
export function selectShards(config: Config, selection: Selection): ShardConfig[] {
  const allTenants = config.shards.flatMap((shard) => shard.tenants.map((tenant) => tenant.name));
  refuseEmptyPatterns(
    selection.shards,
    config.shards.map((shard) => shard.name),
    'shard',
  );
  refuseEmptyPatterns(selection.tenants, allTenants, 'tenant');
  return config.shards
    .filter((shard) => selected(shard.name, selection.shards))
    .map((shard) => ({ ...shard, tenants: shard.tenants.filter((t) => selected(t.name, selection.tenants)) }))
    .filter((shard) => shard.tenants.length > 0);
}

const selected = (name: string, patterns: readonly string[]): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matchesGlob(name, pattern));

function refuseEmptyPatterns(patterns: readonly string[], names: readonly string[], what: string): void {
  const empty = patterns.find((pattern) => !names.some((name) => matchesGlob(name, pattern)));
  if (empty === undefined) return;
  throw new VeneerError(`no ${what} of this fleet matches ${empty}`, {
    exitCode: EXIT.usage,
    hint: `${what}s: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`,
  });
}

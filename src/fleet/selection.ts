import { EXIT, VeneerError } from '../errors.js';
import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import { matchesGlob } from './glob.js';

/** What --shard, --tenant and --except-tenant choose of the fleet. */
export interface Selection {
  /** Globs over names of shards, and of members where a tenant is a database; none means all. */
  readonly shards: readonly string[];
  /** Globs over tenant names; none means all. */
  readonly tenants: readonly string[];
  /** Globs over names of tenants that are left out. */
  readonly exceptTenants?: readonly string[];
}

/**
 * The shards of the fleet, each with its selected tenants only; shards without any are left out, as are
 * shards that own none where tenants are chosen. Throws (exit 64)
 * for a pattern that selects nothing, since a typo would otherwise be a silent success.
 */
export function selectShards(config: Config, selection: Selection): ShardConfig[] {
  const allTenants = config.shards.flatMap((shard) => shard.tenants.map((tenant) => tenant.name));
  refuseEmptyPatterns(selection.shards, [...new Set(config.shards.flatMap(namesOf))], 'shard');
  const { exceptTenants = [] } = selection;
  refuseEmptyPatterns(selection.tenants, allTenants, 'tenant');
  refuseEmptyPatterns(exceptTenants, allTenants, 'tenant');
  const isSelected = ({ name }: TenantConfig): boolean =>
    selected(name, selection.tenants) && !exceptTenants.some((pattern) => matchesGlob(name, pattern));
  return config.shards
    .filter((shard) => namesOf(shard).some((name) => selected(name, selection.shards)))
    .filter(({ tenants }) =>
      tenants.length === 0 ? selection.tenants.length === 0 : tenants.some(isSelected),
    )
    .map((shard) => ({ ...shard, tenants: shard.tenants.filter(isSelected) }));
}

/** A database of a tenant goes by its shard's name as well as by its own. */
const namesOf = ({ key, name }: ShardConfig): string[] => (key === name ? [name] : [key, name]);

/** What a selection takes in besides tenants: a shard itself with all of its tenants, the veneers with the fleet. */
export interface Reach {
  /** Names. */
  readonly shards: ReadonlySet<string>;
  readonly veneers: 'selected' | 'left out';
}

/** The reach of shards as {@link selectShards} answers them. */
export function reachOf({ shards }: Config, chosen: readonly ShardConfig[]): Reach {
  const tenants = new Map(chosen.map((shard) => [shard.name, shard.tenants.length]));
  const whole = shards.filter((shard) => tenants.get(shard.name) === shard.tenants.length);
  return {
    shards: new Set(whole.map(({ name }) => name)),
    veneers: whole.length === shards.length ? 'selected' : 'left out',
  };
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

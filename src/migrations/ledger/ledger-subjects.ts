import type { ShardConfig, TenantConfig, VeneerConfig } from '../../config/config.js';
import type { Reach } from '../../fleet/selection.js';
import { entriesOf, type LedgerEntry, type LedgerGroup } from './ledger.js';
import type { Migration, Scope } from '../migration.js';

/** What a migration runs once for, with what its ledger says: a tenant, a shard itself, or a veneer itself. */
export interface Subject {
  readonly scope: Scope;
  /** For people: the tenant's, the shard's or the veneer's. */
  readonly name: string;
  /** The shard or veneer that keeps its ledger. */
  readonly member: string;
  /** Of a tenant. */
  readonly tenant: TenantConfig | null;
  /** May this run change it? A shard is not whole, and is not changed itself, where tenants of it are left out. */
  readonly selected: boolean;
  readonly entries: ReadonlyMap<string, LedgerEntry>;
}

export interface SubjectsInput {
  /** Selected shards with their selected tenants. */
  readonly shards: readonly ShardConfig[];
  /** All veneers. */
  readonly veneers: readonly VeneerConfig[];
  /** By shard and by veneer. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerGroup[]>;
  /** What a selection of shards and tenants takes in besides the tenants. */
  readonly reach: Reach;
}

/** Tenants by shard, each shard's after the shard itself, then the veneers. */
export function subjectsOf({ shards, veneers, ledgers, reach }: SubjectsInput): Subject[] {
  return [
    ...shards.flatMap((shard) => [
      {
        ...bare('shard', shard.name, ledgers.get(shard.name)),
        selected: reach.shards.has(shard.name),
      },
      ...tenantsOf(shard, ledgers.get(shard.name)),
    ]),
    ...veneers.map(({ name }) => ({
      ...bare('veneer', name, ledgers.get(name)),
      selected: reach.veneers === 'selected',
    })),
  ];
}

function tenantsOf(shard: ShardConfig, groups: readonly LedgerGroup[] = []): Subject[] {
  const entries = entriesOf(groups, 'tenant');
  return shard.tenants.map((tenant) => ({
    scope: 'tenant',
    name: tenant.name,
    member: shard.name,
    tenant,
    selected: true,
    entries: entries.get(tenant.name) ?? new Map(),
  }));
}

const bare = (
  scope: 'shard' | 'veneer',
  member: string,
  groups: readonly LedgerGroup[] = [],
): Omit<Subject, 'selected'> => ({
  scope,
  name: member,
  member,
  tenant: null,
  entries: entriesOf(groups, scope).get('') ?? new Map(),
});

/** The migrations that run for a subject, in their order. */
export const migrationsFor = ({ scope }: Subject, all: readonly Migration[]): Migration[] =>
  all.filter((migration) => migration.scope === scope);

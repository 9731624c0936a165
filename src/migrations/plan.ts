import type { PolicyConfig, ShardConfig, TenantConfig } from '../config/config.js';
import { EXIT, type Problem } from '../errors.js';
import { groupBy } from '../group-by.js';
import { entriesByTenant, onlyApplied, type LedgerEntry, type LedgerGroup } from './ledger.js';
import type { Migration } from './migration.js';

/** What is to be done, decided before anything is done. */
export interface Plan {
  readonly shards: readonly ShardPlan[];
  /** Why nothing may be applied: edited, missing, out of order. */
  readonly problems: readonly Problem[];
  /** Migrations without a transaction that began and did not come to their end; they are pending. */
  readonly interrupted: readonly InterruptedMigration[];
}

export interface InterruptedMigration {
  readonly migration: string;
  readonly tenants: readonly string[];
}

export interface ShardPlan {
  readonly shard: ShardConfig;
  readonly steps: readonly PlannedStep[];
}

/** One migration for those tenants of a shard that do not have it yet. */
export interface PlannedStep {
  readonly migration: Migration;
  readonly tenants: readonly TenantConfig[];
}

export interface PlanInput {
  readonly migrations: readonly Migration[];
  /** Selected shards with their selected tenants. */
  readonly shards: readonly ShardConfig[];
  /** By shard. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerGroup[]>;
  readonly outOfOrder: PolicyConfig['outOfOrder'];
  readonly limit: PlanLimit;
}

/** How far to go, counted in the migrations that are pending anywhere in the selection. */
export type PlanLimit =
  | { readonly kind: 'all' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'to'; readonly name: string };

/** Migrations × ledger. Pure: `up`, `--dry-run` and `status` all read this value. */
export function makePlan(input: PlanInput): Plan {
  const tenants = input.shards.flatMap((shard) => tenantStates(shard, input));
  const pending = new Set(tenants.flatMap((state) => state.pending));
  const wanted = new Set(limited(input.migrations, pending, input.limit));
  const shards = input.shards.map((shard) => ({
    shard,
    steps: stepsOf(
      tenants.filter((state) => state.tenant.shard === shard.name),
      input.migrations,
      wanted,
    ),
  }));
  return {
    shards,
    problems: mergeProblems(tenants.flatMap((state) => state.problems)),
    interrupted: interruptedOf(tenants),
  };
}

/** One sentence for people. While a runner is at work nobody can tell that it is not at this very migration. */
export const interruptedText = (
  { migration, tenants }: InterruptedMigration,
  runner: 'at work' | 'none',
): string =>
  runner === 'none'
    ? `${migration} was interrupted half way for ${fewOf(tenants)}: migrate up runs it again`
    : `${migration} began for ${fewOf(tenants)}, and has not come to its end`;

interface TenantState {
  readonly tenant: TenantConfig;
  readonly pending: readonly Migration[];
  /** Names of pending migrations that began. */
  readonly begun: ReadonlySet<string>;
  readonly problems: readonly TenantProblem[];
}

function tenantStates(shard: ShardConfig, input: PlanInput): TenantState[] {
  const ledger = entriesByTenant(input.ledgers.get(shard.name) ?? []);
  const none: ReadonlyMap<string, LedgerEntry> = new Map();
  return shard.tenants.map((tenant) => tenantState(tenant, ledger.get(tenant.name) ?? none, input));
}

function tenantState(
  tenant: TenantConfig,
  ledger: ReadonlyMap<string, LedgerEntry>,
  input: PlanInput,
): TenantState {
  const { migrations, outOfOrder } = input;
  const applied = onlyApplied(ledger);
  const lastApplied = migrations.findLastIndex((migration) => applied.has(migration.name));
  const missing = migrations.filter((migration) => !applied.has(migration.name));
  // What began had its turn: going on with it is not out of order.
  const late = missing.filter(
    (migration) => migrations.indexOf(migration) < lastApplied && !ledger.has(migration.name),
  );
  return {
    tenant,
    begun: new Set(missing.map(({ name }) => name).filter((name) => ledger.has(name))),
    pending: outOfOrder === 'ignore' ? missing.filter((migration) => !late.includes(migration)) : missing,
    problems: [
      ...migrations
        .filter((m) => isEdited(m, applied.get(m.name)))
        .map((m) => problem('edited', m.name, tenant, m.file)),
      ...[...ledger.values()]
        .filter(({ migration }) => !migrations.some(({ name }) => name === migration))
        .map(({ migration, state }) =>
          problem(state === 'applied' ? 'missing' : 'begun and missing', migration, tenant),
        ),
      ...(outOfOrder === 'refuse' ? late.map((m) => problem('out of order', m.name, tenant, m.file)) : []),
    ],
  };
}

const isEdited = (migration: Migration, entry: LedgerEntry | undefined): boolean =>
  entry !== undefined && entry.checksum !== migration.checksum;

function interruptedOf(tenants: readonly TenantState[]): InterruptedMigration[] {
  const pairs = tenants.flatMap(({ tenant, begun }) =>
    [...begun].map((migration) => ({ migration, tenant })),
  );
  return [...groupBy(pairs, ({ migration }) => migration)].map(([migration, list]) => ({
    migration,
    tenants: list.map(({ tenant }) => tenant.name),
  }));
}

function limited(
  all: readonly Migration[],
  pending: ReadonlySet<Migration>,
  limit: PlanLimit,
): readonly Migration[] {
  const list = all.filter((migration) => pending.has(migration));
  if (limit.kind === 'all') return list;
  if (limit.kind === 'count') return list.slice(0, limit.count);
  const last = all.findIndex((migration) => migration.name === limit.name);
  return all.slice(0, last + 1).filter((migration) => pending.has(migration));
}

function stepsOf(
  tenants: readonly TenantState[],
  migrations: readonly Migration[],
  wanted: ReadonlySet<Migration>,
): PlannedStep[] {
  return migrations
    .filter((migration) => wanted.has(migration))
    .map((migration) => ({
      migration,
      tenants: tenants.filter((state) => state.pending.includes(migration)).map((state) => state.tenant),
    }))
    .filter((step) => step.tenants.length > 0);
}

interface TenantProblem {
  readonly kind: 'edited' | 'missing' | 'begun and missing' | 'out of order';
  readonly migration: string;
  readonly tenant: string;
  readonly file: string | undefined;
}

const problem = (
  kind: TenantProblem['kind'],
  migration: string,
  tenant: TenantConfig,
  file?: string,
): TenantProblem => ({
  kind,
  migration,
  tenant: tenant.name,
  file,
});

const TEXTS: Readonly<Record<TenantProblem['kind'], { readonly message: string; readonly hint: string }>> = {
  edited: {
    message: 'was edited after it was applied',
    hint: 'restore the file, and write the change as a new migration',
  },
  missing: { message: 'was applied, but its file is missing', hint: 'restore the file' },
  'begun and missing': {
    message: 'was interrupted half way, and its file is missing',
    hint: 'restore the file, so that migrate up can bring it to its end',
  },
  'out of order': {
    message: 'sorts before a migration that was applied already',
    hint: 'give it a later timestamp, or set policy.out_of_order to allow or ignore',
  },
};

/** One problem per migration and kind, with its tenants, however many tenants share it. */
function mergeProblems(problems: readonly TenantProblem[]): Problem[] {
  return [...groupBy(problems, (one) => `${one.kind} ${one.migration}`).values()].map((group) => {
    const first = group[0] as TenantProblem;
    const tenants = fewOf(group.map((one) => one.tenant));
    return {
      message: `${first.migration} ${TEXTS[first.kind].message} (${tenants})`,
      exitCode: EXIT.failed,
      where: { migration: first.migration, ...(first.file === undefined ? {} : { file: first.file }) },
      hint: TEXTS[first.kind].hint,
    };
  });
}

const fewOf = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

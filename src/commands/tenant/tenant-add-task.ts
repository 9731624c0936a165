import path from 'node:path';
import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import type { FleetSource } from '../../config/load/load-config.js';
import { EXIT, problemOf, VeneerError, type Problem } from '../../errors.js';
import type { Edited } from '../../fleet/listed.js';
import { entriesOf, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import { loadMigrations } from '../../migrations/load/load.js';
import type { Migration } from '../../migrations/migration.js';
import { makePlan, waitingText, type PlannedStep } from '../../migrations/plan/plan.js';
import type { TenantReport, TenantState } from '../../report/tenant.js';
import { replaceFile, withTenants } from './fleet-file.js';
import { changeReport, tenantLine } from './tenant-report.js';
import { likeOf, type Like } from './tenant-sibling.js';
import { noSuchShard, type TenantPlace } from './tenant-step.js';

export interface TenantAddOptions {
  readonly names: readonly string[];
  /** Null: where they are listed already. */
  readonly shard: string | null;
  /** The tenant whose shape they get instead of running migrations. Default: null, they run them. */
  readonly like?: string | null;
  readonly dryRun: boolean;
}

/** Tenants that are to be made. */
export interface AddTask {
  readonly source: FleetSource;
  /** As they are listed now. */
  readonly config: Config;
  readonly edited: Edited;
  /** Those that are listed nowhere yet. */
  readonly fresh: readonly string[];
  /** The databases that they go to: the shard's, or one each. With the new tenants. */
  readonly homes: readonly ShardConfig[];
  readonly names: readonly string[];
  readonly like: Like | null;
  readonly options: TenantAddOptions;
}

/** Throws (exit 64, 20, 78) where they cannot be tenants of that shard. */
export function addTask(source: FleetSource, config: Config, options: TenantAddOptions): AddTask {
  const names = [...new Set(options.names)];
  const shard = homeFor(config, names, options.shard);
  const like = likeOf(config, names, options.like ?? null);
  const listed = new Set(tenantsIn(config).map(({ name }) => name));
  const fresh = names.filter((name) => !listed.has(name));
  const edited = withTenants(source, config, shard, fresh);
  const homes = edited.config.shards.filter(
    ({ key, tenants }) => key === shard && tenants.some(({ name }) => names.includes(name)),
  );
  return { source, config, edited, fresh, homes, names, like, options };
}

const tenantsIn = ({ shards }: Config): readonly TenantConfig[] => shards.flatMap(({ tenants }) => tenants);

/** Throws (exit 64, 20) where no shard is named, or another one than the tenant's. */
function homeFor(config: Config, names: readonly string[], wanted: string | null): string {
  const listed = tenantsIn(config).filter(({ name }) => names.includes(name));
  const shard = wanted ?? listed[0]?.shard;
  if (shard === undefined)
    throw new VeneerError('on which shard?', {
      exitCode: EXIT.usage,
      hint: `--shard NAME, one of: ${[...config.servers.keys()].join(', ')}`,
    });
  if (!config.servers.has(shard)) throw noSuchShard(config, shard);
  const elsewhere = listed.find((tenant) => tenant.shard !== shard);
  if (elsewhere === undefined) return shard;
  throw new VeneerError(`tenant ${elsewhere.name} is listed on ${elsewhere.shard}, not on ${shard}`, {
    exitCode: EXIT.failed,
    where: { tenant: elsewhere.name },
    hint: 'a tenant lives on exactly one shard; choose another name, or leave --shard out',
  });
}

/** Who is to be made, by which migrations, and what forbids it. */
export interface Decided {
  /** All of the fleet's. */
  readonly migrations: readonly Migration[];
  readonly missing: readonly TenantPlace[];
  /** By the name of the database. */
  readonly steps: ReadonlyMap<string, readonly PlannedStep[]>;
  readonly problems: readonly Problem[];
}

/** `ledgers`: those of the homes, as far as they are there, and of the veneers. */
export async function decideAdding(
  { edited: { config }, homes, names }: AddTask,
  ledgers: ReadonlyMap<string, readonly LedgerGroup[]>,
): Promise<Decided> {
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  const missing = homes
    .map((shard) => {
      const known = entriesOf(ledgers.get(shard.name) ?? [], 'tenant');
      return { shard, tenants: shard.tenants.filter(({ name }) => names.includes(name) && !known.has(name)) };
    })
    .filter(({ tenants }) => tenants.length > 0);
  // A database that is new as a whole lacks its shard's own migrations, too.
  const whole = config.tenantIs === 'database' ? missing.map(({ shard }) => shard.name) : [];
  const plan = makePlan({
    direction: 'up',
    migrations,
    shards: missing.map(({ shard, tenants }) => ({ ...shard, tenants })),
    veneers: config.veneers,
    reach: { shards: new Set(whole), veneers: 'left out' },
    ledgers,
    outOfOrder: config.policy.outOfOrder,
    limit: { kind: 'all' },
  });
  const waiting = plan.waiting.map((one) => ({
    message: waitingText(one),
    exitCode: EXIT.failed,
    hint: 'migrate up, which brings shards and veneers there; then the same command again',
  }));
  return {
    migrations,
    missing,
    steps: new Map(plan.shards.map(({ shard, steps }) => [shard.name, steps])),
    problems: missing.length === 0 ? [] : [...plan.problems, ...waiting],
  };
}

/** Writes the new tenants into the file, where that lists them. */
export async function listAdded({ source, edited, fresh }: AddTask): Promise<readonly Problem[]> {
  if (edited.text === null || fresh.length === 0) return [];
  return replaceFile(source, { before: source.text, text: edited.text }, 'ahead').then(
    () => [],
    (error: unknown) => [problemOf(error)],
  );
}

/** Those of its migrations that are the database's own, where the new tenants' are copied. Pure. */
export const withoutTenants = (decided: Decided): Decided => ({
  ...decided,
  steps: new Map(
    [...decided.steps].map(([name, steps]) => [name, steps.filter(({ tenants }) => tenants.length === 0)]),
  ),
});

/** What is left to do where a query lists the tenants. */
export const stillUnlisted = ({ edited, fresh }: AddTask): readonly string[] =>
  fresh.length === 0 || edited.text !== null
    ? []
    : [
        `tenants.query does not list ${fresh.join(', ')} yet: until it does, no migration reaches what was made`,
      ];

/** How `tenant add` ended: what is not in `states` has the state that the caller names. */
export interface AddOutcome {
  readonly problems: readonly Problem[];
  readonly notices?: readonly string[];
  readonly states?: ReadonlyMap<string, TenantState>;
}

/** `otherwise`: the state of tenants that have none of their own. */
export function addReport(
  { edited, homes, names, options }: AddTask,
  otherwise: TenantState,
  { problems, notices = [], states = new Map() }: AddOutcome,
): TenantReport {
  return changeReport(edited.config, {
    action: 'add',
    dryRun: options.dryRun,
    problems,
    notices,
    tenants: homes
      .flatMap(({ tenants }) => tenants)
      .filter(({ name }) => names.includes(name))
      .map((tenant) => tenantLine(tenant, states.get(tenant.name) ?? otherwise)),
  });
}

interface PlannedNotices {
  /** What `setup` has to do before. */
  readonly before?: readonly string[];
  readonly notices?: readonly string[];
}

/** What would be done, for --dry-run. */
export function plannedAdding(
  task: AddTask,
  { missing, steps, problems }: Decided,
  { before = [], notices = [] }: PlannedNotices = {},
): TenantReport {
  const all = [...steps.values()].flat().map(({ migration }) => migration.name);
  const report = addReport(task, 'there already', {
    problems,
    states: new Map(missing.flatMap(({ tenants }) => tenants.map(({ name }) => [name, 'to add'] as const))),
    notices: [...before, ...notices, `runs ${[...new Set(all)].join(', ') || 'no migration'}`],
  });
  return before.length === 0 ? report : { ...report, next: 'migrate setup' };
}

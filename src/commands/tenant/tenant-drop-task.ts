import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import type { FleetSource } from '../../config/load/load-config.js';
import { EXIT, problemOf, VeneerError, type Problem } from '../../errors.js';
import type { Edited } from '../../fleet/listed.js';
import type { StepEnd } from '../../protocol/step/step.js';
import type { TenantReport, TenantState } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { replaceFile, tryToReplace, withoutTenant, withTenants } from './fleet-file.js';
import { changeReport, tenantLine } from './tenant-report.js';
import { noSuchShard } from './tenant-step.js';

export interface TenantDropOptions {
  readonly name: string;
  /** Where the ledgers of several shards know it, and nothing lists it: which one is meant. */
  readonly shard: string | null;
  /** Its data may go: nobody is asked. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** A tenant that is to be dropped. */
export interface DropTask {
  readonly source: FleetSource;
  /** The fleet with the tenant, listed or not. */
  readonly with: Config;
  /** The fleet without it, and the file's text then; null where the file does not list it. */
  readonly without: Edited;
  readonly isListed: boolean;
  /** The database that it is in, or that it is. */
  readonly shard: ShardConfig;
  readonly tenant: TenantConfig;
  readonly options: TenantDropOptions;
}

/** `findHome`: the shard of a tenant that nothing lists. Throws (exit 20, 64, 78) where none is to be dropped, or the file cannot be written. */
export async function dropTask(
  source: FleetSource,
  config: Config,
  options: TenantDropOptions,
  findHome: () => Promise<string>,
): Promise<DropTask> {
  const { name } = options;
  const listed = find(config, name);
  if (listed !== null && config.tenantQuery !== null) throw stillAsked(name);
  const home = listed?.tenant.shard;
  if (home !== undefined && options.shard !== null && options.shard !== home) throw elsewhere(name, home);
  if (listed !== null) {
    const without = withoutTenant(source, config, listed.tenant);
    if (without.text !== null && !options.dryRun) await tryToReplace(source);
    return { source, with: config, without, isListed: true, ...listed, options };
  }
  const shard = options.shard ?? (await findHome());
  if (!config.servers.has(shard)) throw noSuchShard(config, shard);
  const edited = withTenants(source, config, shard, [name]).config;
  const left = find(edited, name);
  if (left === null) throw unknownTenant(name);
  return { source, with: edited, without: { config, text: null }, isListed: false, ...left, options };
}

function find({ shards }: Config, name: string): Pick<DropTask, 'shard' | 'tenant'> | null {
  for (const shard of shards) {
    const tenant = shard.tenants.find((one) => one.name === name);
    if (tenant !== undefined) return { shard, tenant };
  }
  return null;
}

/** Exit 64: neither shards.yaml nor a ledger has it. */
export const unknownTenant = (name: string): VeneerError =>
  new VeneerError(`nothing is known of a tenant ${name}: it is not listed, and no ledger has it`, {
    exitCode: EXIT.usage,
    hint: 'migrate tenant list; with --shard NAME its schema there is dropped all the same',
  });

/** Exit 64: it is in no list, and in the ledgers of several shards. */
export const severalHomes = (name: string, homes: readonly string[]): VeneerError =>
  new VeneerError(`tenant ${name} is in the ledgers of ${homes.join(' and ')}`, {
    exitCode: EXIT.usage,
    hint: '--shard says which one is meant',
  });

const elsewhere = (name: string, home: string): VeneerError =>
  new VeneerError(`tenant ${name} is listed on ${home}`, {
    exitCode: EXIT.usage,
    hint: 'leave --shard out; what another shard has of it is dropped once it is not listed any more',
  });

const stillAsked = (name: string): VeneerError =>
  new VeneerError(`tenants.query still answers tenant ${name}: the next setup would make it anew`, {
    exitCode: EXIT.failed,
    where: { tenant: name },
    hint: 'take its row out of what the query answers, then run the same command again',
  });

/** Throws where nobody agreed. */
export async function consent(
  name: string,
  lines: readonly string[],
  confirm: CommandContext['confirm'],
): Promise<void> {
  if (confirm !== undefined && (await confirm([...lines, `Drop tenant ${name}?`]))) return;
  throw new VeneerError(`tenant drop ends the data of ${name}, and nobody agreed to that: nothing was done`, {
    exitCode: confirm === undefined ? EXIT.usage : EXIT.failed,
    detail: lines.join('\n'),
    hint: `migrate tenant drop ${name} --yes, when that is what you want`,
  });
}

/** Nothing was committed, and the tenant is what it was. */
export async function listAgain(
  { source, without }: DropTask,
  { kind }: StepEnd,
): Promise<readonly Problem[]> {
  if (without.text === null || kind === 'in doubt') return [];
  return replaceFile(source, { before: without.text, text: source.text }, 'ahead').then(
    () => [],
    (error: unknown) => [problemOf(error)],
  );
}

/** What became of the tenant. */
export function dropReport(
  { with: config, tenant, options }: DropTask,
  state: TenantState,
  { problems, notices }: { readonly problems: readonly Problem[]; readonly notices: readonly string[] },
): TenantReport {
  return changeReport(config, {
    action: 'drop',
    dryRun: options.dryRun,
    problems,
    notices: [...new Set(notices)],
    tenants: [tenantLine(tenant, state)],
  });
}

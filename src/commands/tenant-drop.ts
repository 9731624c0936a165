import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import type { FleetSource } from '../config/load-config.js';
import { EXIT, problemOf, VeneerError, worst, type Problem } from '../errors.js';
import { readFleet } from '../fleet/ask-tenants.js';
import { entriesOf } from '../migrations/ledger.js';
import type { Session } from '../postgres/session.js';
import { dropOnShard, lockShown } from '../protocol/drop-tenants.js';
import { anchorOf } from '../protocol/run.js';
import type { StepEnd } from '../protocol/step.js';
import type { TenantReport, TenantState } from '../report/tenant.js';
import type { CommandContext } from './context.js';
import { replaceFile, withoutTenant, withTenants, type Edited } from './fleet-file.js';
import { readLedgers } from './ledgers.js';
import { obstaclesTo } from './obstacles.js';
import { withReaders } from './readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from './recorded-run.js';
import { settledText } from './settled.js';
import { tenantRows } from './setup-state.js';
import { readHoldings } from './tenant-holdings.js';
import { tenantReport } from './tenant-list.js';
import {
  emptySchemas,
  noSuchShard,
  refuseDatabases,
  ownSchemasOn,
  runTenantStep,
  stateAfter,
} from './tenant-step.js';

export interface TenantDropOptions {
  readonly name: string;
  /** Where the ledgers of several shards know it, and nothing lists it: which one is meant. */
  readonly shard: string | null;
  /** Its data may go: nobody is asked. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/**
 * Drops a tenant in one step: what the veneers show of it, its row there, its ledger, and its schema with all that it
 * holds. Where shards.yaml lists it, it is taken out of it first, and put back where nothing was committed: the file
 * names no tenant that is not whole. With a query its row has to be gone before.
 */
export async function dropTenant(
  source: FleetSource,
  options: TenantDropOptions,
  context: CommandContext,
): Promise<TenantReport> {
  const config = await readFleet(source, context.who);
  refuseDatabases(config);
  const task = await taskOf(source, config, options, context);
  if (options.dryRun)
    return withReaders(task.with, context, async ({ sessionOf }) =>
      reportOf(task, 'to drop', { problems: [], notices: await holdings(task, sessionOf) }),
    );
  return withRecordedRun(task.with, { ...context, command: 'tenant drop' }, (run) =>
    runDrop(task, run, context),
  );
}

interface Task {
  readonly source: FleetSource;
  /** The fleet with the tenant, listed or not. */
  readonly with: Config;
  /** The fleet without it, and the file's text then; null where the file does not list it. */
  readonly without: Edited;
  readonly shard: ShardConfig;
  readonly tenant: TenantConfig;
  readonly options: TenantDropOptions;
}

async function taskOf(
  source: FleetSource,
  config: Config,
  options: TenantDropOptions,
  context: CommandContext,
): Promise<Task> {
  const listed = find(config, options.name);
  if (listed !== null && config.tenantQuery !== null) throw stillAsked(options.name);
  if (listed !== null && options.shard !== null && options.shard !== listed.shard.name)
    throw elsewhere(options.name, listed.shard.name);
  if (listed !== null)
    return {
      source,
      with: config,
      without: withoutTenant(source, config, listed.tenant),
      ...listed,
      options,
    };
  const home = options.shard ?? (await homeByLedger(config, options.name, context));
  if (!config.shards.some(({ name }) => name === home)) throw noSuchShard(config, home);
  const edited = withTenants(source, config, home, [options.name]).config;
  const left = find(edited, options.name);
  if (left === null) throw unknownTenant(options.name);
  return { source, with: edited, without: { config, text: null }, ...left, options };
}

function find({ shards }: Config, name: string): Pick<Task, 'shard' | 'tenant'> | null {
  for (const shard of shards) {
    const tenant = shard.tenants.find((one) => one.name === name);
    if (tenant !== undefined) return { shard, tenant };
  }
  return null;
}

/** The shard whose ledger knows a tenant that nothing lists. Throws where none or several do. */
async function homeByLedger(config: Config, name: string, context: CommandContext): Promise<string> {
  return withReaders(config, context, async ({ sessionOf }) => {
    const ledgers = await readLedgers(config, config.shards, sessionOf, 'allow');
    const homes = config.shards.filter((shard) =>
      entriesOf(ledgers.get(shard.name) ?? [], 'tenant').has(name),
    );
    const [home, second] = homes;
    if (home === undefined) throw unknownTenant(name);
    if (second !== undefined) throw several(name, homes);
    return home.name;
  });
}

const unknownTenant = (name: string): VeneerError =>
  new VeneerError(`nothing is known of a tenant ${name}: it is not listed, and no ledger has it`, {
    exitCode: EXIT.usage,
    hint: 'migrate tenant list; with --shard NAME its schema there is dropped all the same',
  });

const several = (name: string, homes: readonly ShardConfig[]): VeneerError =>
  new VeneerError(`tenant ${name} is in the ledgers of ${homes.map((home) => home.name).join(' and ')}`, {
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

async function runDrop(task: Task, run: RecordedRun, { confirm }: CommandContext): Promise<TenantReport> {
  const { shard, options, without, source } = task;
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const obstacles = obstaclesTo(run, [shard], settled);
  if (obstacles.length > 0) return reportOf(task, 'not started', { problems: obstacles, notices });
  const lines = await holdings(task, (member) => anchorOf(run, member));
  if (!options.yes) await consent(options.name, lines, confirm);
  if (without.text !== null) await replaceFile(source, source.text, without.text);
  await run.at('after unlisting');
  const kept: string[] = [];
  const end = await dropStep(task, run, kept);
  const state = stateAfter(end, 'dropped');
  if (end.kind === 'committed')
    return reportOf(task, state, { problems: [], notices: [...notices, ...kept] });
  const problems = [end.problem, ...(await listAgain(task, end))];
  return reportOf(task, state, { problems, notices });
}

/** Throws where nobody agreed. */
async function consent(
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

const holdings = async (
  { shard, tenant }: Task,
  sessionOf: (member: string) => Session,
): Promise<readonly string[]> => readHoldings(sessionOf(shard.name), tenant);

function dropStep(task: Task, run: RecordedRun, kept: string[]): Promise<StepEnd> {
  const { shard, tenant, without } = task;
  const tenants = [tenant];
  const veneers = task.with.veneers.map(({ name }) => name);
  const schemas = ownSchemasOn(task.with, shard, tenants);
  return runTenantStep(run, { shard, what: 'tenant drop', tenants }, (lane, step) => ({
    first: (veneer, budget) => lockShown(lane, veneer, tenants, budget),
    onShard: (member, budget) => dropOnShard(member, veneers, { step, tenants }, budget),
    before: async () => [],
    after: async (veneer) => {
      const shows = veneer.member !== shard.name;
      const empty = shows ? await emptySchemas(veneer, schemas) : { drops: [], kept: [] };
      for (const schema of empty.kept)
        kept.push(`${veneer.member}: schema ${schema} holds something besides, and stays`);
      return [...empty.drops, ...(await tenantRows(without.config, veneer))];
    },
  }));
}

/** Nothing was committed, and the tenant is what it was. */
async function listAgain({ source, without }: Task, { kind }: StepEnd): Promise<readonly Problem[]> {
  if (without.text === null || kind === 'in doubt') return [];
  return replaceFile(source, without.text, source.text).then(
    () => [],
    (error: unknown) => [problemOf(error)],
  );
}

function reportOf(
  { with: config, shard, tenant, options }: Task,
  state: TenantState,
  { problems, notices }: { readonly problems: readonly Problem[]; readonly notices: readonly string[] },
): TenantReport {
  const exitCode = worst(...problems.map((problem) => problem.exitCode));
  return tenantReport(config, {
    action: 'drop',
    dryRun: options.dryRun,
    problems,
    notices: [...new Set(notices)],
    exitCode,
    tenants: [
      { tenant: tenant.name, shard: shard.name, schema: tenant.schema, state, version: null, pending: null },
    ],
    next:
      exitCode === EXIT.inDoubt ? 'migrate recover' : exitCode === EXIT.clean ? null : 'migrate tenant list',
  });
}

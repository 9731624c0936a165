import path from 'node:path';
import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import type { FleetSource } from '../config/load-config.js';
import { EXIT, problemOf, VeneerError, worst, type Problem } from '../errors.js';
import { readFleet } from '../fleet/ask-tenants.js';
import { entriesOf } from '../migrations/ledger.js';
import { loadMigrations } from '../migrations/load.js';
import { makePlan, waitingText, type PlannedStep } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import { makeOnShard } from '../protocol/add-tenants.js';
import { anchorOf } from '../protocol/run.js';
import type { TenantLine, TenantReport, TenantState } from '../report/tenant.js';
import type { CommandContext } from './context.js';
import { replaceFile, withTenants, type Edited } from './fleet-file.js';
import { readLedgers } from './ledgers.js';
import { obstaclesTo } from './obstacles.js';
import { withReaders } from './readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from './recorded-run.js';
import { tenantRows } from './setup-state.js';
import { schemaStatements } from './setup-shard.js';
import { schemasPlan } from './setup-veneer.js';
import { settledText } from './settled.js';
import { tenantReport } from './tenant-list.js';
import { noSuchShard, refuseDatabases, runTenantStep, stateAfter } from './tenant-step.js';

export interface TenantAddOptions {
  readonly names: readonly string[];
  /** Null: where they are listed already. */
  readonly shard: string | null;
  readonly dryRun: boolean;
}

/**
 * Makes tenants, all or none, in one step: schema, grants, every migration, and what the veneers show of them. Where
 * shards.yaml lists the tenants, they are written into it at the end: the file names no tenant that is not whole. A
 * command that was cut short in between is typed again: who is whole already is only listed.
 */
export async function addTenants(
  source: FleetSource,
  options: TenantAddOptions,
  context: CommandContext,
): Promise<TenantReport> {
  const config = await readFleet(source, context.who);
  refuseDatabases(config);
  const names = [...new Set(options.names)];
  const shard = homeFor(config, names, options.shard);
  const listed = new Set(tenantsIn(config).map(({ name }) => name));
  const fresh = names.filter((name) => !listed.has(name));
  const edited = withTenants(source, config, shard, fresh);
  const home = edited.config.shards.find(({ name }) => name === shard);
  if (home === undefined) throw noSuchShard(config, shard);
  const task: Task = { source, edited, fresh, shard: home, names, options };
  if (options.dryRun)
    return withReaders(edited.config, context, async ({ sessionOf }) =>
      plannedReport(task, await decide(task, sessionOf)),
    );
  const runOptions = { ...context, command: 'tenant add' };
  return withRecordedRun(edited.config, runOptions, (run) => runAdd(task, run));
}

interface Task {
  readonly source: FleetSource;
  readonly edited: Edited;
  /** Those that are listed nowhere yet. */
  readonly fresh: readonly string[];
  /** With the new tenants. */
  readonly shard: ShardConfig;
  readonly names: readonly string[];
  readonly options: TenantAddOptions;
}

const tenantsIn = ({ shards }: Config): readonly TenantConfig[] => shards.flatMap(({ tenants }) => tenants);

/** Throws (exit 64, 20) where no shard is named, or another one than the tenant's. */
function homeFor(config: Config, names: readonly string[], wanted: string | null): string {
  const listed = tenantsIn(config).filter(({ name }) => names.includes(name));
  const shard = wanted ?? listed[0]?.shard;
  if (shard === undefined)
    throw new VeneerError('on which shard?', {
      exitCode: EXIT.usage,
      hint: `--shard NAME, one of: ${config.shards.map(({ name }) => name).join(', ')}`,
    });
  if (!config.shards.some(({ name }) => name === shard)) throw noSuchShard(config, shard);
  const elsewhere = listed.find((tenant) => tenant.shard !== shard);
  if (elsewhere === undefined) return shard;
  throw new VeneerError(`tenant ${elsewhere.name} is listed on ${elsewhere.shard}, not on ${shard}`, {
    exitCode: EXIT.failed,
    where: { tenant: elsewhere.name },
    hint: 'a tenant lives on exactly one shard; choose another name, or leave --shard out',
  });
}

/** Who is to be made, by which migrations, and what forbids it. */
interface Decided {
  readonly missing: readonly TenantConfig[];
  readonly steps: readonly PlannedStep[];
  readonly problems: readonly Problem[];
}

async function decide(
  { edited: { config }, shard, names }: Task,
  sessionOf: (member: string) => Session,
): Promise<Decided> {
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  const ledgers = await readLedgers(config, [shard], sessionOf, 'refuse');
  const known = entriesOf(ledgers.get(shard.name) ?? [], 'tenant');
  const missing = shard.tenants.filter(({ name }) => names.includes(name) && !known.has(name));
  const plan = makePlan({
    direction: 'up',
    migrations,
    shards: [{ ...shard, tenants: missing }],
    veneers: config.veneers,
    reach: { shards: new Set(), veneers: 'left out' },
    ledgers,
    outOfOrder: config.policy.outOfOrder,
    limit: { kind: 'all' },
  });
  const waiting = plan.waiting.map((one) => ({
    message: waitingText(one),
    exitCode: EXIT.failed,
    hint: 'migrate up, which brings shards and veneers there; then the same command again',
  }));
  const steps = plan.shards.flatMap((one) => one.steps).filter(({ tenants }) => tenants.length > 0);
  return { missing, steps, problems: missing.length === 0 ? [] : [...plan.problems, ...waiting] };
}

async function runAdd(task: Task, run: RecordedRun): Promise<TenantReport> {
  const { shard, edited } = task;
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const obstacles = obstaclesTo(run, [shard], settled);
  const sessionOf = (member: string): Session => anchorOf(run, member);
  if (obstacles.length > 0) return reportOf(task, 'not started', { problems: obstacles, notices });
  const decided = await decide(task, sessionOf);
  if (decided.problems.length > 0) return reportOf(task, 'not started', { ...decided, notices });
  const { missing } = decided;
  const end = missing.length === 0 ? null : await addStep(task, run, decided);
  const states = new Map(
    missing.map(({ name }) => [name, end === null ? 'added' : stateAfter(end, 'added')] as const),
  );
  if (end !== null && end.kind !== 'committed')
    return reportOf(task, 'not started', { problems: [end.problem], notices, states });
  await run.at('before listing');
  const problems = await list(task);
  const more = edited.text === null ? unlisted(task) : [];
  return reportOf(task, 'there already', { problems, notices: [...notices, ...more], states });
}

const addStep = (task: Task, run: RecordedRun, { missing, steps }: Decided) => {
  const { edited, shard } = task;
  // What is looked at besides: the new tenants alone.
  const own = { ...shard, tenants: missing };
  const narrow = {
    ...edited.config,
    shards: edited.config.shards.map((one) => (one.name === shard.name ? own : { ...one, tenants: [] })),
  };
  return runTenantStep(run, { shard, what: 'tenant add', tenants: missing }, (lane, step) => ({
    first: async () => undefined,
    onShard: (member, budget) =>
      makeOnShard(
        member,
        {
          step,
          tenants: missing,
          steps,
          furnish: (session) => schemaStatements(narrow, own, session),
          onTenant: (done) => member.part.onPhase('running', done),
        },
        budget,
      ),
    before: (veneer) => schemasPlan(narrow, veneer),
    after: (veneer) => tenantRows(edited.config, veneer),
  }));
};

async function list({ source, edited, fresh }: Task): Promise<readonly Problem[]> {
  if (edited.text === null || fresh.length === 0) return [];
  return replaceFile(source, source.text, edited.text).then(
    () => [],
    (error: unknown) => [problemOf(error)],
  );
}

const unlisted = ({ fresh }: Task): readonly string[] =>
  fresh.length === 0
    ? []
    : [
        `tenants.query does not list ${fresh.join(', ')} yet: until it does, no migration reaches what was made`,
      ];

interface Outcome {
  readonly problems: readonly Problem[];
  readonly notices?: readonly string[];
  readonly states?: ReadonlyMap<string, TenantState>;
}

function reportOf(
  { edited, shard, names, options }: Task,
  otherwise: TenantState,
  { problems, notices = [], states = new Map() }: Outcome,
): TenantReport {
  const exitCode = worst(...problems.map((problem) => problem.exitCode));
  return tenantReport(edited.config, {
    action: 'add',
    dryRun: options.dryRun,
    problems,
    notices,
    exitCode,
    tenants: shard.tenants
      .filter(({ name }) => names.includes(name))
      .map(({ name, schema }): TenantLine => ({
        tenant: name,
        shard: shard.name,
        schema,
        state: states.get(name) ?? otherwise,
        version: null,
        pending: null,
      })),
    next:
      exitCode === EXIT.inDoubt ? 'migrate recover' : exitCode === EXIT.clean ? null : 'migrate tenant list',
  });
}

const plannedReport = (task: Task, { missing, steps, problems }: Decided): TenantReport =>
  reportOf(task, 'there already', {
    problems,
    states: new Map(missing.map(({ name }) => [name, 'to add'])),
    notices: [`runs ${steps.map(({ migration }) => migration.name).join(', ') || 'no migration'}`],
  });

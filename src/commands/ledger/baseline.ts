import path from 'node:path';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, worst, type Problem } from '../../errors.js';
import { memberOf } from '../../fleet/member.js';
import { selectShards, type Selection } from '../../fleet/selection.js';
import { keepOutNodePgMigrate, recordBaseline } from '../../migrations/adopt/adopt.js';
import { planBaseline, type BaselinePlan, type TenantBaseline } from '../../migrations/adopt/baseline.js';
import { notSetUp, readLedger } from '../../migrations/ledger/ledger.js';
import { loadMigrations } from '../../migrations/load/load.js';
import type { Migration } from '../../migrations/migration.js';
import { HISTORY_TABLES, type HistoryTool } from '../../migrations/adopt/read-histories.js';
import type { Session } from '../../postgres/session.js';
import { inTransaction } from '../../postgres/transaction.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { BaselineReport, BaselineTenant } from '../../report/baseline.js';
import { hasRecords, movedMeanwhile, questionLines, recordsOf } from './baseline-question.js';
import { oddProblems, readableShards, readTenantFacts, type HistoryTable } from './baseline-facts.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { refuseInDoubt, settledText } from '../common/settled.js';

export interface BaselineOptions extends Selection {
  readonly source:
    | { readonly kind: 'to'; readonly name: string }
    | { readonly kind: HistoryTool; readonly table: string | null };
  /** Record it; else what would be recorded is shown, and a person asked, where there is one. */
  readonly yes: boolean;
  /** The command as it was typed, for `next`. */
  readonly typed: string;
}

/**
 * Records what is applied already, without running it: from the table of node-pg-migrate or Flyway in each tenant's
 * schema, or up to a name. All that is selected or nothing; a transaction for each shard, under the fleet's lock. Without
 * `yes` it reads first, on a fleet that was never set up too, and records only what a person who was asked agreed to.
 */
export async function baseline(
  config: Config,
  options: BaselineOptions,
  context: CommandContext,
): Promise<BaselineReport> {
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  refuseUnknownName(migrations, options);
  const work = { config, options, migrations };
  if (options.yes) return record(work, context, null);
  const { plan, problems } = await withReaders(config, context, ({ sessionOf, unreachable }) =>
    decide(work, sessionOf, unreachable),
  );
  const { confirm } = context;
  const isAsked = confirm !== undefined && problems.length === 0 && hasRecords(plan);
  if (isAsked && (await confirm([...questionLines(plan), 'Record it?']))) return record(work, context, plan);
  return reportOf(work, plan, { problems, state: 'to record' });
}

/** Records what is decided under the fleet's lock; where somebody agreed to a plan, that and nothing else. */
async function record(
  work: Work,
  context: CommandContext,
  agreed: BaselinePlan | null,
): Promise<BaselineReport> {
  const { config, options } = work;
  return withRecordedRun(config, { ...context, command: 'baseline' }, async (run) => {
    const settled = await settleFirst(run);
    refuseInDoubt(settled);
    for (const { name } of selectShards(config, options)) await keepOutNodePgMigrate(anchorOf(run, name));
    const { plan, problems } = await decide(work, (member) => anchorOf(run, member), run.unreachable);
    const notices = settled.map(settledText);
    if (agreed !== null && recordsOf(plan) !== recordsOf(agreed)) throw movedMeanwhile();
    if (problems.length > 0) return reportOf(work, plan, { problems, notices, state: 'not started' });
    await recordAll(run, plan);
    return reportOf(work, plan, { problems, notices, state: 'recorded' });
  });
}

interface Work {
  readonly config: Config;
  readonly options: BaselineOptions;
  readonly migrations: readonly Migration[];
}

function refuseUnknownName(migrations: readonly Migration[], { source }: BaselineOptions): void {
  if (
    source.kind !== 'to' ||
    migrations.some(({ name, scope }) => name === source.name && scope === 'tenant')
  )
    return;
  throw new VeneerError(`no migration for tenants is called ${source.name}`, {
    exitCode: EXIT.usage,
    hint: 'names are those of the files, without ending',
  });
}

async function decide(
  { config, options, migrations }: Work,
  sessionOf: (member: string) => Session,
  unreachable: ReadonlyMap<string, Problem>,
): Promise<{ readonly plan: BaselinePlan; readonly problems: readonly Problem[] }> {
  const { source } = options;
  const selection = selectShards(config, options);
  const selected = new Set(selection.flatMap(({ tenants }) => tenants.map(({ name }) => name)));
  const from: HistoryTable =
    source.kind === 'to' ? null : { tool: source.kind, table: source.table ?? HISTORY_TABLES[source.kind] };
  const facts = await Promise.all(
    readableShards(config, selection, unreachable).map((shard) =>
      readTenantFacts(sessionOf(shard.name), shard, { from, selected }),
    ),
  );
  const plan = planBaseline({
    migrations,
    tenants: facts.flat(),
    source: source.kind === 'to' ? source : { kind: 'history', table: from?.table ?? '' },
  });
  return {
    plan,
    problems: [
      ...plan.problems,
      ...(await oddProblems(plan, from, (tenant) => sessionOf(memberOf(config, tenant)))),
    ],
  };
}

/** Every ledger is seen before the first is written to. */
async function recordAll(run: RecordedRun, { tenants }: BaselinePlan): Promise<void> {
  const shards = run.config.shards
    .map(({ name }) => ({
      name,
      own: tenants.filter(({ tenant, record }) => memberOf(run.config, tenant) === name && record.length > 0),
    }))
    .filter(({ own }) => own.length > 0);
  for (const { name } of shards) {
    if ((await readLedger(anchorOf(run, name))) === null) throw notSetUp(name);
  }
  for (const { name, own } of shards) {
    const session = anchorOf(run, name);
    await inTransaction(session, async () => {
      await recordBaseline(session, own, { step: `${run.id}.baseline`, appliedBy: run.who });
    });
  }
}

interface Outcome {
  readonly problems: readonly Problem[];
  readonly notices?: readonly string[];
  /** Of a tenant that has something to record and is not refused. */
  readonly state: 'to record' | 'recorded' | 'not started';
}

function reportOf(
  { config, options }: Work,
  plan: BaselinePlan,
  { problems, notices = [], state }: Outcome,
): BaselineReport {
  const dryRun = state === 'to record';
  const exitCode = worst(...problems.map((problem) => problem.exitCode));
  return {
    command: 'baseline',
    fleet: config.fleet,
    source: options.source.kind,
    dryRun,
    tenants: plan.tenants.map((tenant) => outcomeOf(tenant, state)),
    problems,
    notices: [...notices, ...plan.notices],
    exitCode,
    next: exitCode === EXIT.clean && dryRun && hasRecords(plan) ? `${options.typed} --yes` : 'migrate status',
  };
}

const outcomeOf = (
  { tenant, record, pending, refused }: TenantBaseline,
  state: Outcome['state'],
): BaselineTenant => ({
  shard: tenant.shard,
  tenant: tenant.name,
  state: refused ? 'refused' : record.length === 0 ? 'nothing to record' : state,
  migrations: record.map(({ name }) => name),
  pending: pending.map(({ name }) => name),
});

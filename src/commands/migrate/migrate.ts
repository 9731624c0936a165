import path from 'node:path';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { reachOf, selectShards } from '../../fleet/selection.js';
import { loadMigrations } from '../../migrations/load/load.js';
import type { Direction, Migration } from '../../migrations/migration.js';
import {
  interruptedText,
  makePlan,
  waitingText,
  type Plan,
  type PlanLimit,
} from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { UpReport } from '../../report/up.js';
import { withAfterRun } from './after-run.js';
import type { CommandContext } from '../common/context.js';
import { readLedgers, type LedgersOptions } from '../common/ledgers.js';
import { missingFor } from '../plan/missing-for.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { obstaclesTo } from '../common/obstacles.js';
import { pinnedRun, withNext, type PinnedRun } from '../pin/pinned-run.js';
import type { MigrateOptions } from '../common/migrate-options.js';
import { runPhases } from './run-phases.js';
import { joinedOutcomes, plannedOutcomes, refusedOutcomes, unbegunOutcomes, upReport } from './up-report.js';

/** Which way a command goes. */
export interface Way {
  readonly command: UpReport['command'];
  /** Of the plan that is made of files and ledgers. */
  readonly direction: Direction;
  /** What runs, one plan after the other. Throws (exit 20) what can be seen to fail beforehand. */
  readonly phases: (plan: Plan) => Promise<readonly Plan[]>;
  /** Sentences on what it does that a person may want to know first. */
  readonly warnings: (phases: readonly Plan[]) => Promise<readonly string[]>;
  /** Throws where nobody agreed to that. */
  readonly consent: (warnings: readonly string[]) => Promise<void>;
}

/**
 * Settles what an earlier run left, plans, and takes each shard through its steps. A failure is an outcome in the
 * report; thrown is only what ended the command before any shard had one.
 */
export async function migrate(
  config: Config,
  way: Way,
  given: MigrateOptions,
  context: CommandContext,
): Promise<UpReport> {
  const start = performance.now();
  const { options, pinned } = await pinnedRun(config, given);
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  refuseUnknownTarget(migrations, options.limit);
  for (const { file } of config.veneers.length > 0
    ? []
    : migrations.filter(({ scope }) => scope === 'veneer'))
    context.onProgress({ type: 'notice', text: `${file}: this fleet has no veneer, so it is not run` });
  const task: Task = {
    config,
    way,
    options,
    pinned,
    migrations,
    shards: selectShards(config, options),
    base: { command: way.command, config, dryRun: options.dryRun, start },
  };
  if (options.dryRun) return withNext(pinned, await dryRun(task, context));
  const { protocol = 'auto', terminateBlockersMs = null, offline = false } = options;
  const review = pinned?.review ?? null;
  const runOptions = {
    ...context,
    command: way.command,
    protocol,
    terminateBlockersMs,
    offline,
    review,
    looks: true,
  };
  return withNext(
    pinned,
    await withRecordedRun(config, runOptions, (run) => withAfterRun(run, () => runTask(task, run))),
  );
}

interface Task {
  readonly config: Config;
  readonly way: Way;
  readonly options: MigrateOptions;
  readonly pinned: PinnedRun | null;
  readonly migrations: readonly Migration[];
  /** Selected, with their selected tenants. */
  readonly shards: readonly ShardConfig[];
  readonly base: Parameters<typeof upReport>[0];
}

async function planOf(
  { config, way, options, migrations, shards }: Task,
  sessionOf: (member: string) => Session,
  reading: LedgersOptions,
): Promise<Plan> {
  return makePlan({
    direction: way.direction,
    migrations,
    shards,
    veneers: config.veneers,
    reach: reachOf(config, shards),
    ledgers: await readLedgers(config, shards, sessionOf, reading),
    outOfOrder: config.policy.outOfOrder,
    limit: options.limit,
  });
}

/** Of what runs: what is applied already is not news. */
function tellNotices({ order }: Plan, { onProgress }: Pick<CommandContext, 'onProgress'>): void {
  for (const { file, notices } of order)
    for (const notice of notices) onProgress({ type: 'notice', text: `${file}: ${notice}` });
}

async function dryRun(task: Task, context: CommandContext): Promise<UpReport> {
  const { config, way, base } = task;
  return withReaders(config, context, async ({ sessionOf }) => {
    const plan = await planOf(task, sessionOf, { absent: 'allow' });
    tellNotices(plan, context);
    const stale = (await task.pinned?.staleness({ shards: task.shards, plan, sessionOf })) ?? [];
    const phases = plan.problems.length > 0 ? [plan] : await way.phases(plan);
    const notices = [
      ...plan.interrupted.map((one) => interruptedText(one, 'none')),
      ...plan.waiting.map(waitingText),
      ...(plan.problems.length > 0 ? [] : await way.warnings(phases)),
    ];
    return upReport(
      { ...base, missing: await missingFor(config, plan, sessionOf), notices },
      {
        run: null,
        settled: [],
        problems: [...plan.problems, ...stale],
        ...(plan.problems.length > 0
          ? unbegunOutcomes(plan)
          : joinedOutcomes(phases.map((phase) => plannedOutcomes(phase)))),
      },
    );
  });
}

async function runTask(task: Task, run: RecordedRun): Promise<UpReport> {
  const { way, base, shards } = task;
  const settled = await settleFirst(run);
  const obstacles = obstaclesTo(run, shards, settled);
  if (obstacles.length > 0) {
    const outcomes = refusedOutcomes(shards, obstacles);
    return upReport(base, { run: run.id, settled, problems: obstacles, ...outcomes });
  }
  const sessionOf = (member: string): Session => anchorOf(run, member);
  const looks = run.looks.plans;
  const plan = await planOf(task, sessionOf, { absent: 'refuse', looks });
  tellNotices(plan, run);
  const problems = [
    ...plan.problems,
    ...(await missingFor(run.config, plan, sessionOf, looks)),
    ...((await task.pinned?.staleness({ shards, plan, sessionOf })) ?? []),
  ];
  if (problems.length > 0) {
    return upReport(base, { run: run.id, settled, problems, ...unbegunOutcomes(plan) });
  }
  const phases = await way.phases(plan);
  await way.consent(await way.warnings(phases));
  const outcomes = await runPhases(run, phases, task.options);
  const failures = [
    ...outcomes.shards.flatMap((shard) => shard.problem ?? []),
    ...outcomes.veneerSteps.flatMap((step) => step.problem ?? []),
  ];
  const waiting = plan.waiting.length > 0;
  return upReport(
    { ...base, waiting, notices: plan.waiting.map(waitingText) },
    { run: run.id, settled, problems: failures, ...outcomes },
  );
}

/** Throws (exit 64) where `--to` names no migration. */
export function refuseUnknownTarget(migrations: readonly Migration[], limit: PlanLimit): void {
  if (limit.kind !== 'to' || migrations.some((migration) => migration.name === limit.name)) return;
  throw new VeneerError(`no migration is called ${limit.name}`, {
    exitCode: EXIT.usage,
    hint: `names are those of the files, without ending; the last are ${migrations
      .slice(-3)
      .map((m) => m.name)
      .join(', ')}`,
  });
}

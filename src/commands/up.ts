import path from 'node:path';
import type { Config, ShardConfig } from '../config/config.js';
import { EXIT, VeneerError, type Problem } from '../errors.js';
import { selectShards, type Selection } from '../fleet/selection.js';
import { loadMigrations } from '../migrations/load.js';
import type { Migration } from '../migrations/migration.js';
import { makePlan, type Plan, type PlanLimit } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import { recover } from '../protocol/recovery.js';
import { rollOut } from '../protocol/rollout.js';
import { anchorOf, withRun, type Run } from '../protocol/run.js';
import type { SettledAttempt, UpReport } from '../report/reports.js';
import type { CommandContext } from './context.js';
import { readLedgers } from './ledgers.js';
import { withReaders } from './readers.js';
import { settledReport, settledText } from './settled.js';
import { plannedShards, ranShards, refusedShards, upReport } from './up-report.js';

export interface UpOptions extends Selection {
  readonly limit: PlanLimit;
  readonly dryRun: boolean;
  /** End after the canary shards. */
  readonly canary: boolean;
}

/**
 * Applies pending migrations: settles what an earlier run left, plans, and takes each shard through its steps. A
 * failure is an outcome in the report; thrown is only what ended the command before any shard had one.
 */
export async function up(config: Config, options: UpOptions, context: CommandContext): Promise<UpReport> {
  const start = performance.now();
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  refuseUnknownTarget(migrations, options.limit);
  const shards = selectShards(config, options);
  for (const notice of migrations.flatMap((migration) => migration.notices))
    context.onProgress({ type: 'notice', text: notice });
  const planFrom = async (sessionOf: (member: string) => Session): Promise<Plan> =>
    makePlan({
      migrations,
      shards,
      ledgers: await readLedgers(shards, sessionOf),
      outOfOrder: config.policy.outOfOrder,
      limit: options.limit,
    });
  const base = { fleet: config.fleet, dryRun: options.dryRun, start };
  if (options.dryRun) {
    const plan = await withReaders(config, context, ({ sessionOf }) => planFrom(sessionOf));
    return upReport(base, { run: null, settled: [], shards: plannedShards(plan), problems: plan.problems });
  }
  return withRun(config, { ...context, command: 'up' }, async (run) => {
    const settled = settledReport(await recover(run));
    for (const attempt of settled) context.onProgress({ type: 'settled', text: settledText(attempt) });
    const obstacles = obstaclesTo(run, shards, settled);
    if (obstacles.length > 0) {
      return upReport(base, {
        run: run.id,
        settled,
        shards: refusedShards(shards, obstacles),
        problems: obstacles,
      });
    }
    const plan = await planFrom((member) => anchorOf(run, member));
    return upReport(base, { run: run.id, settled, ...(await applyPlan(run, plan, options)) });
  });
}

async function applyPlan(
  run: Run,
  plan: Plan,
  options: UpOptions,
): Promise<Pick<UpReport, 'shards' | 'problems'>> {
  if (plan.problems.length > 0)
    return { shards: plannedShards(plan, 'not started'), problems: plan.problems };
  run.onProgress({
    type: 'planned',
    shards: plan.shards.map(({ shard, steps }) => ({
      shard: shard.name,
      steps: steps.length,
      tenants: shard.tenants.length,
    })),
  });
  const ends = await rollOut(run, plan, { canaryOnly: options.canary });
  const shards = ranShards(plan, ends);
  return { shards, problems: shards.flatMap((shard) => shard.problem ?? []) };
}

function refuseUnknownTarget(migrations: readonly Migration[], limit: PlanLimit): void {
  if (limit.kind !== 'to' || migrations.some((migration) => migration.name === limit.name)) return;
  throw new VeneerError(`no migration is called ${limit.name}`, {
    exitCode: EXIT.usage,
    hint: `names are those of the files, without ending: ${migrations
      .slice(-3)
      .map((m) => m.name)
      .join(', ')}`,
  });
}

/** What forbids to begin: a selected shard that cannot be reached, or whose last step is still in doubt. */
function obstaclesTo(
  run: Run,
  shards: readonly ShardConfig[],
  settled: readonly SettledAttempt[],
): Problem[] {
  const names = new Set(shards.map((shard) => shard.name));
  const unreachable = [...run.unreachable]
    .filter(([member]) => names.has(member))
    .map(([member, problem]) => ({
      ...problem,
      where: { member },
      hint: problem.hint ?? `bring ${member} back, or go on without it: --shard selects the others`,
    }));
  const inDoubt = settled
    .filter(({ ending, members }) => ending === 'in doubt' && members.some((member) => names.has(member)))
    .map((attempt) => ({
      message: `an earlier step is in doubt: ${settledText(attempt)}`,
      exitCode: EXIT.inDoubt,
      hint: 'migrate recover, when all of its members are back',
    }));
  return [...unreachable, ...inDoubt];
}

import path from 'node:path';
import type { Config, ShardConfig } from '../config/config.js';
import { EXIT, VeneerError, type Problem } from '../errors.js';
import { reachOf, selectShards, type Selection } from '../fleet/selection.js';
import { loadMigrations } from '../migrations/load.js';
import type { Migration } from '../migrations/migration.js';
import { interruptedText, makePlan, type Plan, type PlanLimit } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import type { ProtocolChoice } from '../protocol/journal.js';
import { rollOut } from '../protocol/rollout.js';
import { stepRow } from '../protocol/history-rows.js';
import { anchorOf, type Run } from '../protocol/run.js';
import type { SettledAttempt, UpReport } from '../report/reports.js';
import type { CommandContext } from './context.js';
import { readLedgers } from './ledgers.js';
import { missingSchemas } from './missing-schemas.js';
import { withReaders } from './readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from './recorded-run.js';
import { settledText } from './settled.js';
import { plannedShards, ranShards, refusedShards, upReport } from './up-report.js';

export interface UpOptions extends Selection {
  readonly limit: PlanLimit;
  readonly dryRun: boolean;
  /** End after the canary shards. */
  readonly canary: boolean;
  /** `fleet`: each migration on all shards or on none; default: rollout.atomic. */
  readonly atomic?: 'fleet' | null;
  /** Default: auto. */
  readonly protocol?: ProtocolChoice;
  /** Milliseconds after which a session that blocks a step is ended; default: never. */
  readonly terminateBlockersMs?: number | null;
  /** Nobody else is connected: default false. */
  readonly offline?: boolean;
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
  for (const { file, notices } of migrations) {
    for (const notice of notices) context.onProgress({ type: 'notice', text: `${file}: ${notice}` });
  }
  const planFrom = async (sessionOf: (member: string) => Session): Promise<Plan> => {
    const ledgers = await readLedgers(config, shards, sessionOf, options.dryRun ? 'allow' : 'refuse');
    const { outOfOrder } = config.policy;
    return makePlan({
      direction: 'up',
      migrations,
      shards,
      veneers: config.veneers,
      reach: reachOf(config, shards),
      ledgers,
      outOfOrder,
      limit: options.limit,
    });
  };
  const base = { fleet: config.fleet, dryRun: options.dryRun, start };
  if (options.dryRun) {
    return withReaders(config, context, async ({ sessionOf }) => {
      const plan = await planFrom(sessionOf);
      const missing = await missingSchemas(plan, sessionOf);
      const parts = { run: null, settled: [], shards: plannedShards(plan), problems: plan.problems };
      return upReport(
        { ...base, missing, notices: plan.interrupted.map((one) => interruptedText(one, 'none')) },
        parts,
      );
    });
  }
  const { protocol = 'auto', terminateBlockersMs = null, offline = false } = options;
  const runOptions = { ...context, command: 'up', protocol, terminateBlockersMs, offline };
  return withRecordedRun(config, runOptions, async (run) => {
    const settled = await settleFirst(run);
    const obstacles = obstaclesTo(run, shards, settled);
    if (obstacles.length > 0) {
      return upReport(base, {
        run: run.id,
        settled,
        shards: refusedShards(shards, obstacles),
        problems: obstacles,
      });
    }
    const sessionOf = (member: string): Session => anchorOf(run, member);
    const planned = await planFrom(sessionOf);
    const plan = {
      ...planned,
      problems: [
        ...planned.problems,
        ...(await missingSchemas(planned, sessionOf)),
        ...planned.veneerSteps.map(({ migration }) => notBuilt(migration)),
      ],
    };
    return upReport(base, { run: run.id, settled, ...(await applyPlan(run, plan, options)) });
  });
}

async function applyPlan(
  run: RecordedRun,
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
  const ends = await rollOut(run, plan, {
    together: (options.atomic ?? run.config.rollout.atomic) === 'fleet',
    canaryOnly: options.canary,
    onStepEnd: (ended) => run.history.add(stepRow(ended)),
  });
  const shards = ranShards(plan, ends);
  return { shards, problems: shards.flatMap((shard) => shard.problem ?? []) };
}

const notBuilt = ({ name, file }: Migration): Problem => ({
  message: 'migrations for veneers are not built yet',
  exitCode: EXIT.failed,
  where: { migration: name, file },
  hint: 'move the file out of the folder of migrations',
});

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

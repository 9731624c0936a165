import path from 'node:path';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, problemOf, type Problem } from '../../errors.js';
import { reachOf, selectShards } from '../../fleet/selection.js';
import { hasLedger, notSetUp } from '../../migrations/ledger/ledger.js';
import { loadMigrations } from '../../migrations/load/load.js';
import type { Migration } from '../../migrations/migration.js';
import { interruptedText, makePlan, waitingText, type Plan } from '../../migrations/plan/plan.js';
import { planFor } from '../../migrations/plan/representatives.js';
import type { Session } from '../../postgres/session.js';
import { foreseeRecovery } from '../../protocol/settlement/recovery.js';
import { rehearse as rehearsePlan, type Rehearsal } from '../../protocol/rehearsal/rehearsal.js';
import { anchorOf, type Run } from '../../protocol/run/run.js';
import { withRun } from '../../protocol/run/with-run.js';
import type { RehearseReport } from '../../report/rehearse.js';
import { announce } from './announce-rehearsal.js';
import type { CommandContext } from '../common/context.js';
import { readLedgers } from '../common/ledgers.js';
import { refuseUnknownTarget } from '../migrate/migrate.js';
import { missingFor } from '../plan/missing-for.js';
import { obstaclesTo } from '../common/obstacles.js';
import { tryToWrite } from '../pin/pin-file.js';
import { readPinState } from '../pin/pin-state.js';
import { writePlan } from './write-plan.js';
import type { RehearseOptions } from './rehearse-options.js';
import { rehearseReport, type ReportFacts } from './rehearse-report.js';
import { chooseTenants, refuseTooManyTenants } from './rehearsed-tenants.js';
import { movedSequences } from './moved-sequences.js';
import { settledReport, settledText } from '../common/settled.js';
import { stoppable } from './stoppable.js';

/**
 * Runs what is pending for real, by the code of `up`, in one transaction on each member, and rolls everything back: what
 * the veneers have to change, the locks, the times. Holds the fleet's lock meanwhile, keeps the budgets, prepares
 * nothing, and writes nothing that stays, no history either.
 */
export async function rehearse(
  config: Config,
  options: RehearseOptions,
  context: CommandContext,
): Promise<RehearseReport> {
  const start = performance.now();
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  refuseUnknownTarget(migrations, options.limit);
  if (options.out !== null) await tryToWrite(options.out);
  const shards = selectShards(config, options);
  const runOptions = { ...context, command: 'rehearse', offline: options.offline };
  return withRun(config, runOptions, (run) =>
    stoppable(run, async (stopping) => {
      const facts = { fleet: config.fleet, run: run.id, start };
      const obstacles = await obstaclesFor(stopping, shards);
      if (obstacles.length > 0) return rehearseReport(facts, { problems: obstacles });
      return rehearseTask({ config, options, migrations, shards, facts }, stopping);
    }),
  );
}

interface Task {
  readonly config: Config;
  readonly options: RehearseOptions;
  readonly migrations: readonly Migration[];
  readonly shards: readonly ShardConfig[];
  readonly facts: ReportFacts;
}

async function rehearseTask(task: Task, run: Run): Promise<RehearseReport> {
  const { config, options, facts } = task;
  const sessionOf = (member: string): Session => anchorOf(run, member);
  const plan = await planOf(task, sessionOf);
  const problems = [...plan.problems, ...(await missingFor(config, plan, sessionOf))];
  const notices = [
    ...plan.interrupted.map((one) => interruptedText(one, 'none')),
    ...plan.waiting.map(waitingText),
  ];
  if (problems.length > 0) return rehearseReport(facts, { plan, problems, notices });
  const chosen = await chooseTenants(config, { plan, options, sessionOf });
  const reduced = planFor(plan, chosen.tenants);
  await refuseTooManyTenants(reduced, sessionOf);
  await announce(run, reduced, chosen);
  const state =
    options.out === null ? null : await readPinState(config, { shards: task.shards, plan, sessionOf });
  const { rehearsal, moved } = await movedSequences(reduced, sessionOf, () => rehearsePlan(run, reduced));
  const file =
    state === null || rehearsal.problem !== null
      ? null
      : await writePlan({ config, options, tenants: chosen.tenants, state, rehearsal });
  return rehearseReport(facts, {
    file,
    plan: reduced,
    tenants: chosen.tenants,
    rehearsal,
    moved,
    problems: problemsOf(rehearsal),
    notices: [...notices, ...chosen.notices],
  });
}

const problemsOf = ({ steps, problem }: Rehearsal): Problem[] => {
  const own = steps.flatMap(({ step }) => step.problems);
  return own.length > 0 || problem === null ? own : [problem];
};

async function planOf(
  { config, options, migrations, shards }: Task,
  sessionOf: (member: string) => Session,
): Promise<Plan> {
  return makePlan({
    direction: 'up',
    migrations,
    shards,
    veneers: config.veneers,
    reach: reachOf(config, shards),
    ledgers: await readLedgers(config, shards, sessionOf, { absent: 'refuse' }),
    outOfOrder: config.policy.outOfOrder,
    limit: options.limit,
  });
}

/** What forbids to begin. Nothing is settled by a rehearsal: what an earlier run left has to be first. */
async function obstaclesFor(run: Run, shards: readonly ShardConfig[]): Promise<Problem[]> {
  const away = obstaclesTo(run, shards, []);
  if (away.length > 0) return away;
  const open = await foreseeRecovery({ config: run.config, sessions: run.anchors }, { forget: [] });
  const inDoubt = settledReport(open).map((attempt): Problem => ({
    message: `an earlier step is not settled: ${settledText(attempt)}`,
    exitCode: EXIT.inDoubt,
    hint: 'migrate recover settles it; a rehearsal changes nothing',
  }));
  if (inDoubt.length > 0) return inDoubt;
  const members = new Set([...run.config.veneers, ...shards].map(({ name }) => name));
  const bare = await Promise.all(
    [...members].map(async (name) =>
      (await hasLedger(anchorOf(run, name))) ? [] : [problemOf(notSetUp(name))],
    ),
  );
  return bare.flat();
}

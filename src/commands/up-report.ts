import type { ShardConfig } from '../config/config.js';
import { EXIT, worst, type ExitCode, type Problem } from '../errors.js';
import type { Plan, PlannedStep } from '../migrations/plan.js';
import type { LaneEnd } from '../protocol/lane-end.js';
import type { StepEnd } from '../protocol/step.js';
import type { UpReport, UpShard, UpStep } from '../report/reports.js';
import { settledExit } from './settled.js';

interface Base {
  readonly fleet: string;
  readonly dryRun: boolean;
  /** performance.now() when the command began. */
  readonly start: number;
  /** What setup has to make first, told by a dry run; a real one is refused by it. */
  readonly missing?: readonly Problem[];
  /** What a dry run tells besides. */
  readonly notices?: readonly string[];
}

/** The report, with the exit code and the command to type next that follow from its outcomes. Pure but for the clock. */
export function upReport(
  base: Base,
  parts: Pick<UpReport, 'run' | 'settled' | 'shards' | 'problems'>,
): UpReport {
  const exitCode = worst(upExit(parts), settledExit(parts.settled));
  const { missing = [], notices = [] } = base;
  return {
    command: 'up',
    fleet: base.fleet,
    dryRun: base.dryRun,
    ...parts,
    exitCode,
    next: nextCommand(exitCode, parts.shards, [...parts.problems, ...missing]),
    notices: [...notices, ...missing.map(({ message }) => message)],
    ms: Math.round(performance.now() - base.start),
  };
}

function upExit({ shards, problems }: Pick<UpReport, 'shards' | 'problems'>): ExitCode {
  const codes = problems.map((problem) => problem.exitCode);
  const ahead = shards.some((shard) => shard.steps.some((step) => step.state === 'committed'));
  const failed = shards.some((shard) => shard.state === 'failed' || shard.state === 'unreachable');
  const skipped = shards.some((shard) => shard.skipped.length > 0);
  return worst(...codes, (failed && ahead) || skipped ? EXIT.partial : EXIT.clean);
}

function nextCommand(
  exitCode: ExitCode,
  shards: readonly UpShard[],
  problems: readonly Problem[],
): string | null {
  const pending = shards.some((shard) => shard.steps.some((step) => step.state !== 'committed'));
  if (exitCode === EXIT.inDoubt) return 'migrate recover';
  if (exitCode === EXIT.unreachable) return 'migrate status';
  if (problems.some((problem) => problem.hint === 'migrate setup')) return 'migrate setup';
  return pending || exitCode !== EXIT.clean ? 'migrate up' : null;
}

/** Shards of a plan of which nothing was run. */
export const plannedShards = (plan: Plan, state: 'planned' | 'not started' = 'planned'): UpShard[] =>
  plan.shards.map(({ shard, steps }) => ({
    shard: shard.name,
    state: steps.length === 0 ? 'up to date' : 'not started',
    tenants: tenantNames(shard),
    steps: steps.map((step) => ({
      ...emptyStep(step),
      state,
      statements: state === 'planned' ? statementsOf(step) : [],
    })),
    problem: null,
    skipped: [],
  }));

/** Shards that were not planned, because something forbade to begin. */
export const refusedShards = (shards: readonly ShardConfig[], problems: readonly Problem[]): UpShard[] =>
  shards.map((shard) => {
    const problem = problems.find((one) => one.where?.member === shard.name) ?? null;
    const state = problem?.exitCode === EXIT.unreachable ? 'unreachable' : 'not started';
    return { shard: shard.name, state, tenants: tenantNames(shard), steps: [], problem, skipped: [] };
  });

/** Shards as a rollout left them. */
export function ranShards(plan: Plan, ends: readonly LaneEnd[]): UpShard[] {
  const byShard = new Map(ends.map((end) => [end.shard, end]));
  return plan.shards.map(({ shard, steps }) => {
    const lane = byShard.get(shard.name);
    return {
      shard: shard.name,
      state: lane?.state ?? 'not started',
      tenants: tenantNames(shard),
      steps: lane?.steps.map(({ planned, end }) => ranStep(shard.name, planned, end)) ?? steps.map(emptyStep),
      problem: lane?.problem ?? null,
      skipped: lane?.skipped ?? [],
    };
  });
}

function ranStep(shard: string, planned: PlannedStep, end: StepEnd | null): UpStep {
  if (end === null) return emptyStep(planned);
  const empty = { ...emptyStep(planned), state: end.kind, attempts: end.attempts };
  if (end.kind !== 'committed') return empty;
  const { ms, statements, locks, protocol } = end.result;
  return { ...empty, ms, protocol, locks, veneerStatements: statements.get(shard) ?? {} };
}

const emptyStep = ({ migration, direction, tenants }: PlannedStep): UpStep => ({
  migration: migration.name,
  scope: migration.scope,
  direction,
  state: 'not started',
  tenants: tenants.map((tenant) => tenant.name),
  ms: null,
  attempts: 0,
  protocol: null,
  locks: [],
  veneerStatements: {},
  statements: [],
});

const statementsOf = ({ migration: { body } }: PlannedStep): string[] =>
  body.kind === 'static'
    ? body.statements.map((statement) => statement.sql)
    : ['-- asks the database: built per tenant when it runs'];

const tenantNames = ({ tenants }: ShardConfig): string[] => tenants.map((tenant) => tenant.name);

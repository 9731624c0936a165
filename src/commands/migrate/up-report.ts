import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, worst, type ExitCode, type Problem } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import type { Plan, PlannedStep, VeneerStep } from '../../migrations/plan/plan.js';
import type { LaneEnd } from '../../protocol/rollout/lane-end.js';
import type { RolloutEnd } from '../../protocol/rollout/rollout.js';
import { stopOf, type StepEnd } from '../../protocol/step/step.js';
import type { VeneerStepEnd } from '../../protocol/rollout/veneer-step.js';
import type { UpOrder, UpReport, UpShard, UpStep, UpVeneerStep } from '../../report/up.js';
import { secretMask } from '../../protocol/run/mask-secrets.js';
import { hooksOf } from '../../report/hooks.js';
import { nextCommand } from '../../report/next-command.js';
import { settledExit } from '../common/settled.js';
import { atOnceText, writesText } from './up-notices.js';

interface Base {
  readonly command: UpReport['command'];
  readonly config: Config;
  readonly dryRun: boolean;
  /** performance.now() when the command began. */
  readonly start: number;
  /** What setup has to make first, told by a dry run; a real one is refused by it. */
  readonly missing?: readonly Problem[];
  readonly notices?: readonly string[];
  /** Steps wait for something that the selection leaves out. */
  readonly waiting?: boolean;
}

/** The part of a report that says what became of each step. */
export type Outcomes = Pick<UpReport, 'shards' | 'veneerSteps' | 'order'>;

type Parts = Outcomes & Pick<UpReport, 'run' | 'settled' | 'problems'>;

/** The report, with the exit code and the command to type next that follow from its outcomes. Pure but for the clock. */
export function upReport(base: Base, parts: Parts): UpReport {
  const { missing = [], notices = [], waiting = false } = base;
  const held = waiting && !base.dryRun ? EXIT.pending : EXIT.clean;
  const exitCode = worst(upExit(parts), settledExit(parts.settled), held);
  return {
    command: base.command,
    fleet: base.config.fleet,
    dryRun: base.dryRun,
    ...parts,
    hooks: hooksOf(base.config.hooks, secretMask(base.config)),
    exitCode,
    next: nextCommand({
      exitCode,
      problems: [...parts.problems, ...missing],
      otherwise: goOn(base, exitCode, parts),
    }),
    notices: [
      ...notices,
      ...missing.map(({ message }) => message),
      ...atOnceText(parts.shards),
      ...writesText(parts.shards),
    ],
    ms: Math.round(performance.now() - base.start),
  };
}

const stepsOf = ({ shards, veneerSteps }: Outcomes): (UpStep | UpVeneerStep)[] => [
  ...shards.flatMap(({ steps }) => steps),
  ...veneerSteps,
];

function upExit(parts: Parts): ExitCode {
  const codes = parts.problems.map((problem) => problem.exitCode);
  const ahead = stepsOf(parts).some((step) => step.state === 'committed');
  const failed =
    parts.shards.some((shard) => shard.state === 'failed' || shard.state === 'unreachable') ||
    parts.veneerSteps.some((step) => step.problem !== null);
  const skipped = parts.shards.some((shard) => shard.skipped.length > 0);
  return worst(...codes, (failed && ahead) || skipped ? EXIT.partial : EXIT.clean);
}

/** The same again, as far as it did not come. */
function goOn({ command, dryRun }: Base, exitCode: ExitCode, outcomes: Outcomes): string | null {
  const steps = stepsOf(outcomes).filter((step) => step.state !== 'committed');
  if (command === 'up') return steps.length > 0 || exitCode !== EXIT.clean ? 'migrate up' : null;
  if (steps.length === 0) return exitCode === EXIT.clean ? null : 'migrate status';
  // A redo that is cut short leaves what was taken down pending.
  if (command === 'redo' && !dryRun) return 'migrate up';
  const left = steps.filter(({ direction }) => direction === 'down');
  return `migrate ${command} ${new Set(left.map(({ scope, migration }) => `${scope} ${migration}`)).size}`;
}

/** What a plan would do, or was not allowed to begin. */
export const plannedOutcomes = (plan: Plan, state: 'planned' | 'not started' = 'planned'): Outcomes => ({
  order: orderOf(plan),
  veneerSteps: plan.veneerSteps.map((step) => ({
    ...emptyVeneerStep(step),
    state,
    statements: state === 'planned' ? statementsOf(step) : [],
  })),
  shards: plan.shards.map(({ shard, steps }) => ({
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
  })),
});

/** Something forbids to begin: of a shard without steps, too, nothing is known to be as it should be. */
export function unbegunOutcomes(plan: Plan): Outcomes {
  const { shards, ...rest } = plannedOutcomes(plan, 'not started');
  return { ...rest, shards: shards.map((shard) => ({ ...shard, state: 'not started' })) };
}

/** Shards that were not planned, because something forbade to begin. */
export const refusedOutcomes = (shards: readonly ShardConfig[], problems: readonly Problem[]): Outcomes => ({
  order: [],
  veneerSteps: [],
  shards: shards.map((shard) => {
    const problem = problems.find((one) => one.where?.member === shard.name) ?? null;
    const state = problem?.exitCode === EXIT.unreachable ? 'unreachable' : 'not started';
    return { shard: shard.name, state, tenants: tenantNames(shard), steps: [], problem, skipped: [] };
  }),
});

/** What a rollout came to. */
export const ranOutcomes = (plan: Plan, { shards, veneerSteps }: RolloutEnd): Outcomes => ({
  order: orderOf(plan),
  shards: ranShards(plan, shards),
  veneerSteps: veneerSteps.map(ranVeneerStep),
});

function ranShards(plan: Plan, ends: readonly LaneEnd[]): UpShard[] {
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
  const { ms, statements, locks, protocol, windowMs, writes, shards } = end.result;
  const changed = Object.entries(writes.get(shard) ?? {}).flatMap(([veneer, forecasts]) =>
    forecasts.map((forecast) => ({ ...forecast, shard, veneer })),
  );
  const veneerStatements = statements.get(shard) ?? {};
  const notAtOnce = protocol === 'lock-step' ? shards.filter((other) => other !== shard) : [];
  return { ...empty, ms, protocol, locks, windowMs, notAtOnce, veneerStatements, writes: changed };
}

function ranVeneerStep({ planned, end }: VeneerStepEnd): UpVeneerStep {
  if (end === null) return emptyVeneerStep(planned);
  const problem = stopOf(end);
  const empty = { ...emptyVeneerStep(planned), state: end.kind, attempts: end.attempts, problem };
  if (end.kind !== 'committed') return empty;
  const { ms, locks, protocol, windowMs } = end.result;
  return { ...empty, ms, protocol, locks, windowMs };
}

const emptyFacts = ({ name, scope }: Migration) =>
  ({
    migration: name,
    scope,
    state: 'not started',
    ms: null,
    attempts: 0,
    protocol: null,
    locks: [],
    windowMs: null,
    statements: [],
  }) as const;

const emptyStep = ({ migration, direction, tenants }: PlannedStep): UpStep => ({
  ...emptyFacts(migration),
  notAtOnce: [],
  direction,
  tenants: tenants.map((tenant) => tenant.name),
  writes: [],
  veneerStatements: {},
});

const emptyVeneerStep = ({ migration, direction, veneers }: VeneerStep): UpVeneerStep => ({
  ...emptyFacts(migration),
  direction,
  veneers: veneers.map(({ name }) => name),
  problem: null,
});

const orderOf = ({ order, direction }: Plan): UpOrder[] =>
  order.map(({ name, scope }) => ({ migration: name, scope, direction }));

const statementsOf = ({ migration: { body } }: Pick<PlannedStep, 'migration'>): string[] =>
  body.kind === 'static'
    ? body.statements.map((statement) => statement.sql)
    : ['-- asks the database, or whom it runs for: built when it runs'];

const tenantNames = ({ tenants }: ShardConfig): string[] => tenants.map((tenant) => tenant.name);

/** One phase after the other, as `redo` has them: the steps of all, and how far each shard came. */
export function joinedOutcomes([first, ...rest]: readonly Outcomes[]): Outcomes {
  if (first === undefined) return { order: [], shards: [], veneerSteps: [] };
  if (rest.length === 0) return first;
  const then = joinedOutcomes(rest);
  const later = new Map(then.shards.map((shard) => [shard.shard, shard]));
  return {
    order: [...first.order, ...then.order],
    veneerSteps: [...first.veneerSteps, ...then.veneerSteps],
    shards: first.shards.map((shard) => joinedShard(shard, later.get(shard.shard))),
  };
}

function joinedShard(first: UpShard, then: UpShard | undefined): UpShard {
  if (then === undefined) return first;
  const decisive = isClean(first) ? then : first;
  return {
    ...decisive,
    steps: [...first.steps, ...then.steps],
    skipped: [...first.skipped, ...then.skipped],
  };
}

/** Nothing that was to be done on the shard is left. */
export const isClean = ({ state }: UpShard): boolean => state === 'done' || state === 'up to date';

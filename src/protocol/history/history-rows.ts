import type { TenantConfig } from '../../config/config.js';
import { EXIT, type ExitCode, type Problem } from '../../errors.js';
import { labelOf, type Statement } from '../../migrations/migration.js';
import type { KeptStatements, PhaseTime, RunOutcome, StepDetails } from '../../report/history.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import type { StepEnd } from '../step/step.js';

/** A row of pgveneer.history, without what is the same for all of a run; FORMATS.md has the columns. */
export interface HistoryRow {
  readonly event: 'run began' | 'step ended' | 'step settled' | 'run ended';
  readonly command?: string;
  readonly who?: string;
  readonly version?: string;
  readonly step?: string;
  readonly shard?: string;
  readonly migration?: string | null;
  readonly tenants?: number;
  readonly protocol?: string;
  readonly outcome?: string;
  readonly attempts?: number;
  readonly ms?: number;
  readonly problems?: readonly Problem[];
  readonly details?: StepDetails;
}

/** A step of a rollout that has come to its end. */
export interface EndedStep {
  readonly id: string;
  /** Null: of the veneers. */
  readonly shard: string | null;
  readonly planned: PlannedStep;
  readonly end: StepEnd;
  readonly phases: readonly PhaseTime[];
  /** Milliseconds of all attempts. */
  readonly ms: number;
}

export function stepRow({ id, shard, planned, end, phases, ms }: EndedStep): HistoryRow {
  const { migration, tenants } = planned;
  const committed = end.kind === 'committed' ? end.result : null;
  const { body } = migration;
  return {
    event: 'step ended',
    step: id,
    ...(shard === null ? {} : { shard }),
    migration: labelOf(migration),
    tenants: tenants.length,
    ...(committed === null ? {} : { protocol: committed.protocol }),
    outcome: end.kind,
    attempts: end.attempts,
    ms,
    problems: end.kind === 'committed' ? [] : [end.problem],
    details: {
      ...(planned.direction === 'down' ? { direction: planned.direction } : {}),
      phases,
      ...(body.kind === 'static' ? { statements: kept(body.statements.map(sqlOf)) } : {}),
      ...(committed === null
        ? {}
        : {
            veneerStatements: keptByVeneer(committed.statements.get(shard ?? '') ?? {}),
            locks: committed.locks,
            ...(committed.windowMs === null ? {} : { windowMs: committed.windowMs }),
          }),
    },
  };
}

const sqlOf = ({ sql }: Statement): string => sql;

/** What `sync` did for one shard. */
export interface SyncedShard {
  readonly id: string;
  readonly shard: string;
  readonly statements: Readonly<Record<string, readonly string[]>>;
  readonly problem: Problem | null;
  readonly ms: number;
}

export const syncRow = ({ id, shard, statements, problem, ms }: SyncedShard): HistoryRow => ({
  event: 'step ended',
  step: id,
  shard,
  outcome: problem === null ? 'committed' : (FAILED[problem.exitCode] ?? 'failed'),
  ms,
  problems: problem === null ? [] : [problem],
  details: { veneerStatements: keptByVeneer(statements) },
});

/** What `tenant add` or `tenant drop` did: one step on one shard. */
export interface EndedTenants extends Pick<EndedStep, 'id' | 'end' | 'phases' | 'ms'> {
  readonly shard: string;
  readonly what: 'tenant add' | 'tenant drop';
  readonly tenants: readonly TenantConfig[];
}

export const tenantRow = ({ id, shard, what, tenants, end, phases, ms }: EndedTenants): HistoryRow => ({
  event: 'step ended',
  step: id,
  shard,
  migration: what,
  tenants: tenants.length,
  ...(end.kind === 'committed' ? { protocol: end.result.protocol } : {}),
  outcome: end.kind,
  attempts: end.attempts,
  ms,
  problems: end.kind === 'committed' ? [] : [end.problem],
  details: {
    direction: what,
    phases,
    statements: kept(tenants.map(({ name, schema }) => `-- ${what} ${name}: schema ${schema}`)),
    ...(end.kind === 'committed'
      ? {
          veneerStatements: keptByVeneer(end.result.statements.get(shard) ?? {}),
          locks: end.result.locks,
          ...(end.result.windowMs === null ? {} : { windowMs: end.result.windowMs }),
        }
      : {}),
  },
});

const FAILED: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT.inDoubt]: 'in doubt',
  [EXIT.interrupted]: 'interrupted',
};

/** What became of a step of an earlier run. */
export const settledRow = ({ step, migration, ending, detail, hint }: SettledAttempt): HistoryRow => ({
  event: 'step settled',
  step,
  migration,
  outcome: ending,
  problems:
    detail === null ? [] : [{ message: detail, exitCode: EXIT.inDoubt, ...(hint === null ? {} : { hint }) }],
});

/** Problems of one run that are kept; with a fleet of thousands of shards there may be as many. */
const MOST_PROBLEMS = 20;

/** The run itself has come to its end; of many problems the first are kept. */
export const endRow = (outcome: RunOutcome, problems: readonly Problem[]): HistoryRow => ({
  event: 'run ended',
  outcome,
  problems: problems.slice(0, MOST_PROBLEMS),
});

/** Characters of statements that one step keeps, per list. */
const MOST_CHARACTERS = 64_000;

/** The first statements of a list, as many as fit. */
export function kept(statements: readonly string[]): KeptStatements {
  let room = MOST_CHARACTERS;
  const fitting = statements.findIndex((sql) => (room -= Math.min(sql.length, LONGEST_TEXT)) < 0);
  const sql = fitting < 0 ? statements : statements.slice(0, fitting);
  return { sql, leftOut: statements.length - sql.length };
}

const keptByVeneer = (
  statements: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, KeptStatements>> =>
  Object.fromEntries(Object.entries(statements).map(([veneer, list]) => [veneer, kept(list)]));

/** Characters that are kept of one text. */
export const LONGEST_TEXT = 8_000;

/** A text as it is kept; never cut between the halves of a character. */
export const cut = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).replace(/[\uD800-\uDBFF]$/, '')}…`;

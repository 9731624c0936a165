import { EXIT, problemOf, textOf, VeneerError, type Problem } from '../../errors.js';
import { SharedObjectError } from '../../veneer/types/shared-object-error.js';
import { isCatalogCollision, isLockConflict, isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { onceUnaligned } from '../align/unaligned-error.js';
import { attempt, type AttemptResult, type Job } from './attempt.js';
import { backoff } from '../lane/backoff.js';
import { HoldExceeded } from '../lane/budget.js';
import { refusedForGood } from './protocol-choice.js';
import { PrepareRefused } from './two-phase.js';
import { Interrupted } from '../lane/watched.js';
import { isAway, membersReturn } from '../lane/return-of-members.js';
import type { Run } from '../run/run.js';
import { inDoubtHint, problemFor, unevenProblem } from './step-problems.js';

/** How a step ended, whatever happened; never thrown. */
export type StepEnd =
  | {
      readonly kind: 'committed';
      readonly result: AttemptResult;
      readonly attempts: number;
      /** A hook behind it failed: nothing comes next. */
      readonly stoppedBy?: Problem;
    }
  | {
      readonly kind: 'failed' | 'interrupted' | 'in doubt';
      readonly problem: Problem;
      /** All tenants in which the migration fails, where it failed in one. */
      readonly failures: readonly Problem[];
      readonly attempts: number;
      /** What a part of its members has committed all the same: others lost it, or are behind. */
      readonly uneven?: AttemptResult;
      /** It changes what other shards show, too, and cannot be without them; left out: that is not why. */
      readonly shared?: Shared;
    };

/** Why nothing comes behind a step; null: it committed, and what comes next may begin. */
export const stopOf = (end: StepEnd): Problem | null =>
  end.kind === 'committed' ? (end.stoppedBy ?? null) : end.problem;
/** What a step shares with shards that take no part in it. */
export type Shared = Pick<SharedObjectError, 'what' | 'lacking'>;

/** Attempts at a step until it commits, fails for good, or may not be tried again. */
export async function runStep(run: Run, job: Job): Promise<StepEnd> {
  const { retries } = run.config.rollout;
  let { protocol } = run;
  let forgiven = false;
  const isFirst = onceUnaligned();
  // Once: a migration that brings its server down would bring it down every time.
  const isForgiven = async (error: unknown): Promise<boolean> => {
    if (isFirst(error)) return true;
    if (forgiven || !isAway(error) || !(await membersReturn(run, job.crews))) return false;
    forgiven = true;
    return true;
  };
  for (let attempts = 1; ; attempts++) {
    try {
      const result = await attempt(run, job, protocol);
      const end = endOf(run, job, result, attempts);
      if (end.kind !== 'failed') return end;
      if (protocol === 'auto' && refusedForGood(result.cause)) {
        run.onProgress({ type: 'notice', text: lockStepNotice(job, result.cause) });
        protocol = 'lock-step';
        continue;
      }
      const cause = causeOf(result.cause);
      if ((!worthRetrying(cause) || attempts > retries) && !(await isForgiven(cause))) return end;
      job.onPhase('retrying', textOf(cause));
    } catch (error) {
      if (error instanceof Interrupted)
        return { kind: 'interrupted', problem: problemOf(error), failures: [], attempts };
      if ((!worthRetrying(error) || attempts > retries) && !(await isForgiven(error)))
        return failedEnd(job, error, attempts);
      job.onPhase('retrying', textOf(error));
    }
    await backoff(attempts, run.signal);
  }
}

/** A failure that is one tenant's own is looked for in all of them: who repairs it wants to know them all at once. */
async function failedEnd(job: Job, error: unknown, attempts: number): Promise<StepEnd> {
  const problem = placed(problemFor(job.crews, error, attempts), job);
  const isNobodys = isLockConflict(error) || error instanceof HoldExceeded;
  const failures = isNobodys ? [] : await job.failures(problem);
  const shared = error instanceof SharedObjectError ? { shared: error } : {};
  return { kind: 'failed', problem: withOthers(problem, failures), failures, attempts, ...shared };
}

/** What is nobody's statement in particular is told of the shard and the migration. */
function placed(problem: Problem, { crews, migration }: Job): Problem {
  if (Object.keys(problem.where ?? {}).length > 0) return problem;
  const member = crews.map(({ name }) => name).join(', ');
  return { ...problem, where: migration === null ? { member } : { member, migration } };
}

function withOthers(problem: Problem, failures: readonly Problem[]): Problem {
  const others = failures.filter((one) => one.where?.tenant !== problem.where?.tenant);
  if (others.length === 0) return problem;
  const lines = others.map((one) => `it fails in ${one.where?.tenant} too: ${one.message}`);
  return { ...problem, detail: [problem.detail, ...lines].filter(Boolean).join('\n') };
}

/** What PostgreSQL said, where the wrapper only says who voted no. */
const causeOf = (cause: unknown): unknown => (cause instanceof PrepareRefused ? cause.cause : cause);

const lockStepNotice = ({ crews, migration }: Job, refused: PrepareRefused): string =>
  `${crews.map(({ name }) => name).join(', ')}: ${migration ?? 'the step'} runs in lock-step, since ${refused.member} cannot prepare it: ${textOf(refused.cause)}`;

function endOf(run: Run, job: Job, result: AttemptResult, attempts: number): StepEnd {
  const { ending, cause } = result;
  switch (ending.kind) {
    case 'committed':
      return ending.lost.length + ending.behind.length === 0
        ? { kind: 'committed', result, attempts }
        : { kind: 'in doubt', problem: unevenProblem(ending), failures: [], attempts, uneven: result };
    case 'rolled back':
      return {
        kind: 'failed',
        problem: placed(problemFor(job.crews, causeOf(cause), attempts), job),
        failures: [],
        attempts,
      };
    case 'in doubt':
      return {
        kind: 'in doubt',
        problem: {
          message: `in doubt: ${ending.why}`,
          exitCode: EXIT.inDoubt,
          hint: ending.hint ?? inDoubtHint(run),
        },
        failures: [],
        attempts,
      };
  }
}

/**
 * Locks pass, and so do collisions of two lanes in a veneer's catalogs; anything else would fail again. A migration's
 * own statement that finds its object there already (it names the migration) is no collision. What we prepared and a
 * migration's function had the session forget is prepared again; a statement of its own that it does not find stays away.
 */
export function worthRetrying(error: unknown): boolean {
  if (isLockConflict(error)) return true;
  const byMigration = error instanceof VeneerError && error.facts.where?.migration !== undefined;
  return !byMigration && (isCatalogCollision(error) || isState(error, SQLSTATE.unknownStatement));
}

import { EXIT, problemOf, type Problem } from '../../errors.js';
import { commonFacts, type HookedStep } from '../hooks/hook-facts.js';
import { runHooks } from '../hooks/hooks.js';
import type { Run } from '../run/run.js';
import type { StepEnd } from '../step/step.js';

/**
 * Runs the hooks before a step. Where one fails the step is not begun, and this is its end; null: it may begin. Never
 * throws.
 */
export async function hooksBefore(run: Run, step: HookedStep): Promise<StepEnd | null> {
  try {
    await runHooks(run, { event: 'before_step', ...commonFacts(run), ...step });
    return null;
  } catch (error) {
    const problem = inStep(problemOf(error), step);
    const kind = problem.exitCode === EXIT.interrupted ? 'interrupted' : 'failed';
    return { kind, problem, failures: [], attempts: 0 };
  }
}

/**
 * Runs the hooks behind a step that has come to its end, once that is told and written down. Where one fails the step is
 * what it is, and nothing comes next. Never throws.
 */
export async function hooksAfter(run: Run, step: HookedStep, end: StepEnd): Promise<StepEnd> {
  const committed = end.kind === 'committed' ? end.result : null;
  // A hook may ask where the fleet stands: that the step is settled, then, to the last record of it.
  const { beforeStep, afterStep } = run.config.hooks;
  if (beforeStep.length + afterStep.length > 0) await committed?.closed;
  try {
    await runHooks(run, {
      event: 'after_step',
      ...commonFacts(run),
      ...step,
      outcome: end.kind,
      attempts: end.attempts,
      ms: committed?.ms ?? null,
      protocol: committed?.protocol ?? null,
      problem: end.kind === 'committed' ? null : end.problem,
    });
    return end;
  } catch (error) {
    return stoppedBy(end, inStep(problemOf(error), step));
  }
}

/** What ended the step itself is what counts; where it committed, the hook is. */
function stoppedBy(end: StepEnd, problem: Problem): StepEnd {
  if (end.kind === 'committed')
    return { ...end, stoppedBy: { ...problem, message: `committed, but ${problem.message}` } };
  const detail = [end.problem.detail, problem.message].filter(Boolean).join('\n');
  return { ...end, problem: { ...end.problem, detail } };
}

const inStep = (problem: Problem, { migration }: HookedStep): Problem => ({
  ...problem,
  where: { migration, ...problem.where },
});

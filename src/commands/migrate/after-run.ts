import { EXIT, problemOf, worst, type Problem } from '../../errors.js';
import { commonFacts, type RunFacts } from '../../protocol/hooks/hook-facts.js';
import { runHooks } from '../../protocol/hooks/hooks.js';
import type { Run } from '../../protocol/run/run.js';
import type { UpReport } from '../../report/up.js';
import { interrupted } from '../common/recorded-run.js';

/**
 * Does the work of a run and then runs its after_run hooks, whatever became of the work. They run while the run holds its
 * lock: history and `migrate stop` know of them, and nobody else's run comes between it and them. One that fails
 * is a problem of the report; where there is none, since the work itself threw, a notice.
 */
export async function withAfterRun(run: Run, work: () => Promise<UpReport>): Promise<UpReport> {
  const start = performance.now();
  try {
    const report = await work();
    const problem = await afterRun(run, factsOf(run, interrupted(report, run.signal)));
    return problem === null ? report : withProblem(report, problem);
  } catch (error) {
    const cause = problemOf(error);
    const ms = Math.round(performance.now() - start);
    const none = { shards: [], steps: { committed: 0, other: 0 } };
    const facts = { ...none, exitCode: cause.exitCode, ms, problems: [cause] };
    const problem = await afterRun(run, toFacts(run, facts));
    if (problem !== null) run.onProgress({ type: 'notice', text: problem.message });
    throw error;
  }
}

async function afterRun(run: Run, facts: RunFacts): Promise<Problem | null> {
  try {
    // A hook's SQL connects by itself.
    if (run.config.hooks.afterRun.length > 0) await run.spares.close();
    await runHooks(run, facts);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

function factsOf(run: Run, { exitCode, ms, shards, veneerSteps, problems }: UpReport): RunFacts {
  const steps = [...shards.flatMap((shard) => shard.steps), ...veneerSteps];
  const committed = steps.filter(({ state }) => state === 'committed').length;
  return toFacts(run, {
    exitCode,
    ms,
    shards: shards.map(({ shard, state, tenants }) => ({ shard, state, tenants })),
    steps: { committed, other: steps.length - committed },
    problems,
  });
}

const toFacts = (
  run: Run,
  facts: Pick<RunFacts, 'exitCode' | 'ms' | 'shards' | 'steps' | 'problems'>,
): RunFacts => ({
  event: 'after_run',
  ...commonFacts(run),
  veneers: run.config.veneers.map(({ name }) => name),
  ...facts,
});

/** What is committed is: then the code is 21, as of any run that came only half way. */
function withProblem(report: UpReport, problem: Problem): UpReport {
  const steps = [...report.shards.flatMap((shard) => shard.steps), ...report.veneerSteps];
  const ahead = steps.some(({ state }) => state === 'committed');
  return {
    ...report,
    problems: [...report.problems, problem],
    exitCode: worst(report.exitCode, problem.exitCode, ahead ? EXIT.partial : EXIT.clean),
    next: report.next ?? 'migrate status',
  };
}

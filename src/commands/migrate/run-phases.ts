import type { Plan } from '../../migrations/plan/plan.js';
import { stepRow } from '../../protocol/history/history-rows.js';
import { rollOut } from '../../protocol/rollout/rollout.js';
import { VENEERS } from '../../protocol/rollout/veneer-step.js';
import type { Run } from '../../protocol/run/run.js';
import type { PhaseOptions } from '../common/migrate-options.js';
import type { RecordedRun } from '../common/recorded-run.js';
import { isClean, joinedOutcomes, plannedOutcomes, ranOutcomes, type Outcomes } from './up-report.js';

/** One after the other, as long as each leaves nothing undone. */
export async function runPhases(
  run: RecordedRun,
  phases: readonly Plan[],
  { atomic, canary }: PhaseOptions,
): Promise<Outcomes> {
  tellPlanned(run, phases);
  const outcomes: Outcomes[] = [];
  let sequence = 0;
  for (const [index, phase] of phases.entries()) {
    if (outcomes.some((one) => !isWhole(one))) {
      outcomes.push(plannedOutcomes(phase, 'not started'));
      continue;
    }
    const isLast = index === phases.length - 1;
    const end = await rollOut(isLast ? run : withoutCleanEnds(run), phase, {
      together: (atomic ?? run.config.rollout.atomic) === 'fleet',
      canaryOnly: canary,
      sequence,
      onStepEnd: (ended) => run.history.add(stepRow(ended)),
    });
    sequence = end.sequence;
    outcomes.push(ranOutcomes(phase, end));
  }
  return joinedOutcomes(outcomes);
}

const isWhole = ({ shards, veneerSteps }: Outcomes): boolean =>
  shards.every(isClean) &&
  veneerSteps.every(({ state, problem }) => state === 'committed' && problem === null);

/** A shard that is through its first phase has not ended: its row stays for the second. */
const withoutCleanEnds = (run: RecordedRun): RecordedRun => ({
  ...run,
  onProgress: (event) => {
    if (event.type === 'shard ended' && (event.state === 'done' || event.state === 'up to date')) return;
    run.onProgress(event);
  },
});

function tellPlanned(run: Run, phases: readonly Plan[]): void {
  const shards = new Map<
    string,
    { readonly shard: string; readonly steps: number; readonly tenants: number }
  >();
  for (const { shard, steps } of phases.flatMap((phase) => phase.shards)) {
    const before = shards.get(shard.name)?.steps ?? 0;
    shards.set(shard.name, {
      shard: shard.name,
      steps: before + steps.length,
      tenants: shard.tenants.length,
    });
  }
  const steps = phases.reduce((sum, { veneerSteps }) => sum + veneerSteps.length, 0);
  const veneers = steps === 0 ? [] : [{ shard: VENEERS, steps, tenants: 0, isVeneers: true as const }];
  run.onProgress({ type: 'planned', shards: [...shards.values(), ...veneers] });
}

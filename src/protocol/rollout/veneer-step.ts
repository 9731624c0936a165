import { labelOf } from '../../migrations/migration.js';
import type { VeneerStep } from '../../migrations/plan/plan.js';
import type { StepPhase } from '../../report/progress.js';
import type { Job } from '../step/attempt.js';
import { forgetAttempts } from '../step/commit.js';
import type { HookedStep } from '../hooks/hook-facts.js';
import { hooksAfter, hooksBefore } from './hooked-step.js';
import { withCrew, type Crew } from '../lane/lane.js';
import { startPhaseClock } from '../history/phase-clock.js';
import type { Rollout } from './planned-step.js';
import { refuseForeignReads, refuseForeignWrites } from '../step/protocol-choice.js';
import type { StepEnd } from '../step/step.js';
import { runStep, stopOf } from '../step/step.js';
import { workOnVeneers } from './veneers-work.js';

/** How a step of the veneers ended; `end` null: not started. */
export interface VeneerStepEnd {
  readonly planned: VeneerStep;
  readonly end: StepEnd | null;
}

/** The end of a step that was never begun. */
export const notStarted = (planned: VeneerStep): VeneerStepEnd => ({ planned, end: null });

/** In progress the veneers stand as one row beside the shards. */
export const VENEERS = 'veneers';

/** Runs a migration on all veneers that need it, in one step: they commit together. Never throws. */
export async function runVeneerStep(
  rollout: Rollout,
  planned: VeneerStep,
  place: { readonly index: number; readonly of: number },
): Promise<VeneerStepEnd> {
  const { run } = rollout;
  const id = `${run.id}.${(++rollout.sequence).toString(36)}`;
  const migration = labelOf(planned.migration);
  const clock = startPhaseClock();
  const report = (phase: StepPhase, more: { readonly why?: string; readonly ms?: number } = {}): void => {
    clock.note(phase, more.why);
    run.onProgress({ type: 'step', shard: VENEERS, migration, tenants: 0, ...place, phase, ...more });
  };
  report('running');
  const hooked: HookedStep = {
    step: id,
    migration,
    scope: planned.migration.scope,
    direction: planned.direction,
    shards: [],
    veneers: planned.veneers.map(({ name }) => name),
  };
  await run.spares.close();
  const refused = await hooksBefore(run, hooked);
  const work = (): Promise<StepEnd> =>
    withCrew(run, VENEERS, async (crew) => {
      try {
        const onPhase: Job['onPhase'] = (phase, why) => report(phase, why === undefined ? {} : { why });
        return await runStep(run, veneerJob(crew, { id, migration, planned, onPhase }));
      } finally {
        await forgetAttempts(crew);
      }
    });
  const end = refused ?? (await work());
  if (end.kind === 'committed') report('committed', { ms: end.result.ms });
  else report('failed', { why: end.problem.message });
  rollout.onStepEnd({ id, shard: null, planned: { ...planned, tenants: [] }, end, ...clock.read() });
  const hookedEnd = refused ?? (await hooksAfter(run, hooked, end));
  rollout.stopped ||= stopOf(hookedEnd) !== null;
  return { planned, end: hookedEnd };
}

interface VeneerJob extends Pick<Job, 'id' | 'migration' | 'onPhase'> {
  readonly planned: VeneerStep;
}

const veneerJob = (crew: Crew, { id, migration, planned, onPhase }: VeneerJob): Job => ({
  id,
  migration,
  crews: [crew],
  onPhase,
  work: (budget, turns) => workOnVeneers(crew, { step: id, planned, budget, turns }),
  // What a veneer wrote on a shard commits there before the veneer does. To prepare, PREPARE refuses even to have read.
  approve: async (protocol, participants) => {
    for (const { session } of participants) {
      if (participants.length > 1 && protocol === 'lock-step') await refuseForeignReads(session);
      else await refuseForeignWrites(session);
    }
  },
  failures: async () => [],
});

import { EXIT, problemOf, VeneerError, type Problem } from '../../errors.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { StepPhase } from '../../report/progress.js';
import { startBudget } from '../lane/budget.js';
import { heldLocks } from '../lane/held-locks.js';
import { withCrew, type Affected, type Crew, type Lane } from '../lane/lane.js';
import { endedByMigration, rehearsalCrew } from './rehearsal-crew.js';
import {
  emptyStep,
  failuresOn,
  rehearseOnShards,
  rehearseOnVeneers,
  type ShardsPart,
  type Stage,
  type StepDone,
} from './rehearsal-step.js';
import type { Run } from '../run/run.js';
import { backoff } from '../lane/backoff.js';
import { onceUnaligned } from '../align/unaligned-error.js';
import { problemFor } from '../step/step-problems.js';
import { worthRetrying } from '../step/step.js';
import { VENEERS } from '../rollout/veneer-step.js';
import { watched } from '../lane/watched.js';

/** What a rehearsal came to; nothing of it is left anywhere. */
export interface Rehearsal {
  /** In the order of the plan, all of them. */
  readonly steps: readonly StepDone[];
  readonly attempts: number;
  /** What ended it before its last step, else null. */
  readonly problem: Problem | null;
}

/**
 * Runs all steps of a plan for real, in one transaction on each member, and rolls everything back: on each shard the
 * migrations one after the other, on each veneer what follows from them, by the same code that commits it. As in `up`, a
 * lock that is not to be had is tried for again, from the beginning, with all that is known to be affected locked on the
 * veneers first. Nothing is prepared, and nothing else is written, so that the end of any connection is its rollback.
 */
export const rehearse = (run: Run, plan: Plan): Promise<Rehearsal> =>
  withCrew(run, 'rehearsal', async (base) => {
    const learnt = new Map<string, Affected>();
    const isFirst = onceUnaligned();
    for (let attempts = 1; ; attempts++) {
      const { steps, error, failures, isUsedUp } = await rehearseOnce(base, plan, learnt);
      const mayRetry = worthRetrying(error) && attempts <= run.config.rollout.retries;
      if (error === null || (!mayRetry && !isFirst(error))) {
        const problem = error === null ? null : problemFor([base], error, attempts);
        return { steps: settled(plan, steps, { problem, failures, isUsedUp }), attempts, problem };
      }
      run.onProgress({ type: 'notice', text: `rolled back, and begun again: ${problemOf(error).message}` });
      await backoff(attempts, run.signal);
    }
  });

interface Try {
  readonly steps: readonly StepDone[];
  readonly error: unknown;
  /** Of the step that failed: one for each tenant, where it is the tenants' own. */
  readonly failures: readonly Problem[];
  /** Nothing was left of rollout.lock_hold. */
  readonly isUsedUp: boolean;
}

async function rehearseOnce(base: Crew, plan: Plan, learnt: Map<string, Affected>): Promise<Try> {
  const budget = startBudget(base.run.config.rollout);
  const crew = rehearsalCrew(base, budget);
  const stage: Stage = { crew, budget, locks: heldLocks(), xids: new Map() };
  const lanes = lanesOf(crew, plan, learnt);
  const steps: StepDone[] = [];
  let failures: readonly Problem[] = [];
  let own: unknown = null;
  try {
    await watched(crew, budget, async () => {
      for (const [index, migration] of plan.order.entries()) {
        if (migration.transaction === 'none') continue;
        const parts = partsOf(crew, plan, lanes, migration);
        try {
          steps.push(await rehearseStep(stage, plan, migration, parts, index));
        } catch (error) {
          own = explained([...crew.opened.values()], migration, error);
          failures = await failuresOn(stage, parts, own);
          throw own;
        }
      }
    });
    return { steps, error: null, failures: [], isUsedUp: false };
  } catch (error) {
    // Another error than the step's own is the watch's: the budget was used up, or the run is to end.
    return { steps, error, failures: error === own ? failures : [], isUsedUp: budget.isUsedUp() };
  } finally {
    await base.run.at('before rollback');
    await Promise.all(base.openSessions().map(rollbackQuietly));
    await base.run.at('after rollback');
  }
}

function rehearseStep(
  stage: Stage,
  plan: Plan,
  migration: Migration,
  parts: readonly ShardsPart[],
  index: number,
): Promise<StepDone> {
  const { run } = stage.crew;
  const id = `${run.id}.${(index + 1).toString(36)}`;
  const ofVeneers = plan.veneerSteps.find((step) => step.migration === migration);
  if (ofVeneers === undefined) return rehearseOnShards(stage, id, migration, parts);
  const at = plan.veneerSteps.indexOf(ofVeneers) + 1;
  const place = { index: at, of: plan.veneerSteps.length, tenants: 0, phase: 'running' as StepPhase };
  run.onProgress({ type: 'step', shard: VENEERS, migration: labelOf(migration), ...place });
  return rehearseOnVeneers(stage, id, ofVeneers);
}

/**
 * One for each shard, all over the same sessions: a veneer has one transaction for all of them. What an attempt before has
 * learnt of any step is locked before the first.
 */
function lanesOf(crew: Crew, { shards }: Plan, learnt: Map<string, Affected>): ReadonlyMap<string, Lane> {
  const affected = [...learnt.values()];
  const all: Affected = {
    relations: [...new Set(affected.flatMap(({ relations }) => relations))],
    names: [...new Set(affected.flatMap(({ names }) => names))],
    fence: affected.some(({ fence }) => fence),
  };
  const lane = (shard: Lane['shard']): Lane => ({
    ...crew,
    shard,
    known: () => all,
    learn: (migration, what) => void learnt.set(migration, what),
  });
  return new Map(shards.map(({ shard }) => [shard.name, lane(shard)]));
}

function partsOf(
  { run }: Crew,
  plan: Plan,
  lanes: ReadonlyMap<string, Lane>,
  migration: Migration,
): ShardsPart[] {
  return plan.shards.flatMap(({ shard, steps }) => {
    const at = steps.findIndex((step) => step.migration === migration);
    const [planned, lane] = [steps[at], lanes.get(shard.name)];
    if (planned === undefined || lane === undefined) return [];
    const place = { index: at + 1, of: steps.length, tenants: planned.tenants.length };
    const onPhase: ShardsPart['onPhase'] = (phase, tenantsDone) =>
      run.onProgress({
        type: 'step',
        shard: shard.name,
        migration: labelOf(migration),
        ...place,
        phase,
        ...(tenantsDone === undefined ? {} : { tenantsDone }),
      });
    return [{ lane, planned, onPhase }];
  });
}

/** The error with the migration that it came from. A lock that is not to be had is no migration's own. */
function explained(opened: readonly Session[], migration: Migration, error: unknown): unknown {
  if (!(error instanceof VeneerError) || error.facts.exitCode === EXIT.interrupted || worthRetrying(error))
    return error;
  const ended = opened.find((session) => !session.isLost() && session.status() === 'I');
  const { message, facts } = ended === undefined ? error : endedByMigration(ended.member);
  const where = { migration: labelOf(migration), file: migration.file, ...facts.where };
  const hint = isState(error, SQLSTATE.unsafeNewEnumValue) ? NEW_LABEL : facts.hint;
  return new VeneerError(message, {
    ...facts,
    where,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** PostgreSQL lets nobody use a label before the transaction that adds it has committed, which no rehearsal does. */
const NEW_LABEL =
  'up commits the label before this migration begins, a rehearsal cannot: rehearse what comes before it, by --to or N';

interface Failure {
  readonly problem: Problem | null;
  readonly failures: readonly Problem[];
  readonly isUsedUp: boolean;
}

/** Every migration of the plan with what became of it: what is missing first has failed. */
function settled(
  { order }: Plan,
  steps: readonly StepDone[],
  { problem, failures, isUsedUp }: Failure,
): StepDone[] {
  const alone = order.filter(({ transaction }) => transaction === 'none');
  const within = order.filter((migration) => !alone.includes(migration));
  const failed = problem === null ? undefined : within[steps.length];
  return order.map((migration): StepDone => {
    const done = steps[within.indexOf(migration)];
    if (done !== undefined) return done;
    const step = emptyStep(migration);
    if (problem === null || migration !== failed) return { step, aligned: [] };
    const own = (failures.length === 0 ? [problem] : failures).map((one) => withLeftOut(one, alone));
    const problems = isUsedUp && migration.scope === 'veneer' ? own.map(mayWaitForItself) : own;
    return { step: { ...step, state: 'failed', problems }, aligned: [] };
  });
}

/** What was left out may be what a later migration needs. */
function withLeftOut(problem: Problem, alone: readonly Migration[]): Problem {
  if (alone.length === 0) return problem;
  const left = `without a transaction, and not rehearsed: ${alone.map(labelOf).join(', ')}; this may need it`;
  return { ...problem, detail: [problem.detail, left].filter(Boolean).join('\n') };
}

/** The veneer's connection to the shard is another one than ours, and waits there for our own locks. */
const mayWaitForItself = (problem: Problem): Problem => ({
  ...problem,
  hint: 'where it reads foreign tables, it waits for what the rehearsal has locked on their shards: rehearse what comes before it alone, by --to or N',
});

import { roleOf } from '../fleet/member.js';
import { labelOf } from '../migrations/migration.js';
import type { VeneerStep } from '../migrations/plan.js';
import type { Session } from '../postgres/session.js';
import type { StepPhase } from '../report/progress.js';
import type { Job } from './attempt.js';
import type { Budget } from './budget.js';
import { forgetAttempts } from './commit.js';
import type { GroupWork } from './gather.js';
import { withCrew, type Crew } from './lane.js';
import { refuseMadeDrift } from './made-drift.js';
import { alignMesh } from './mesh-alignment.js';
import { inCommitOrder, type Participant } from './participant.js';
import { startPhaseClock } from './phase-clock.js';
import type { Rollout } from './planned-step.js';
import { refuseForeignReads, refuseForeignWrites } from './protocol-choice.js';
import type { StepEnd } from './step.js';
import { runStep } from './step.js';
import type { HeldTurns } from './turns.js';
import { workOnVeneer } from './veneer-migration.js';

/** How a step of the veneers ended; `end` null: not started. */
export interface VeneerStepEnd {
  readonly planned: VeneerStep;
  readonly end: StepEnd | null;
}

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
  const end = await withCrew(run, VENEERS, async (crew) => {
    try {
      const onPhase: Job['onPhase'] = (phase, why) => report(phase, why === undefined ? {} : { why });
      return await runStep(run, veneerJob(crew, { id, migration, planned, onPhase }));
    } finally {
      await forgetAttempts(crew.openSessions(), crew.settled);
    }
  });
  if (end.kind === 'committed') report('committed', { ms: end.result.ms });
  else report('failed', { why: end.problem.message });
  rollout.stopped ||= end.kind !== 'committed';
  rollout.onStepEnd({ id, shard: null, planned: { ...planned, tenants: [] }, end, ...clock.read() });
  return { planned, end };
}

interface VeneerJob extends Pick<Job, 'id' | 'migration' | 'onPhase'> {
  readonly planned: VeneerStep;
}

const veneerJob = (crew: Crew, { id, migration, planned, onPhase }: VeneerJob): Job => ({
  id,
  migration,
  crews: [crew],
  onPhase,
  work: (budget, turns) => workOnVeneers(crew, id, planned, budget, turns),
  // What a veneer wrote on a shard commits there before the veneer does. To prepare, PREPARE refuses even to have read.
  approve: async (protocol, participants) => {
    for (const { session } of participants) {
      if (participants.length > 1 && protocol === 'lock-step') await refuseForeignReads(session);
      else await refuseForeignWrites(session);
    }
  },
  failures: async () => [],
});

/** Veneer after veneer, in the order of their names. */
async function workOnVeneers(
  crew: Crew,
  step: string,
  planned: VeneerStep,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupWork> {
  const participants: Participant[] = [];
  for (const veneer of planned.veneers) {
    const session = await crew.session(veneer.name);
    const { xid, statements } = await workOnVeneer(crew, session, { step, planned, veneer, budget });
    participants.push({
      member: veneer.name,
      role: roleOf(crew.run.config, veneer.name),
      session,
      statements,
      replace: () => crew.session(veneer.name),
      xid,
    });
  }
  const others = await alignMesh(crew, planned, participants, budget, turns);
  participants.push(...others);
  // Once all are done: a member in both roles is read as its own transaction makes it.
  const readShard = (shard: string): Session | null =>
    participants.find(({ member }) => member === shard)?.session ?? null;
  for (const { session } of participants)
    await refuseMadeDrift(crew.run, session, planned.migration, readShard);
  return { participants: participants.toSorted(inCommitOrder), statements: new Map(), writes: new Map() };
}

import { roleOf } from '../../fleet/member.js';
import type { VeneerStep } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { Budget } from '../lane/budget.js';
import type { GroupWork } from '../group/gather.js';
import type { Crew } from '../lane/lane.js';
import { refuseMadeDrift } from '../sync/made-drift.js';
import { alignMesh } from '../step/mesh-alignment.js';
import { inCommitOrder, ofNobody, type Participant } from '../group/participant.js';
import type { HeldTurns } from '../run/turns.js';
import { workOnVeneer } from '../step/veneer-migration.js';

/** One migration for several veneers. */
export interface VeneersWork {
  readonly step: string;
  readonly planned: VeneerStep;
  readonly budget: Budget;
  readonly turns: HeldTurns;
}

/** A migration of the veneers on all of them, in transactions that stay open. */
export async function workOnVeneers(crew: Crew, work: VeneersWork): Promise<GroupWork> {
  const { participants, idle } = await changeVeneers(crew, work);
  await Promise.all(idle.map(rollbackQuietly));
  return { participants: participants.toSorted(inCommitOrder), statements: new Map(), writes: new Map() };
}

/** What was changed on veneers, in transactions that are all still open. */
export interface VeneersChanged {
  readonly participants: readonly Participant[];
  /** Sessions of veneers that have nothing to commit. */
  readonly idle: readonly Session[];
}

/**
 * The same, for whoever does not commit it; veneer after veneer, in the order of their names. `openShard`: a session
 * whose open transaction changed a shard before, in the same attempt.
 */
export async function changeVeneers(
  crew: Crew,
  { step, planned, budget, turns }: VeneersWork,
  openShard: (shard: string) => Session | null = () => null,
): Promise<VeneersChanged> {
  const participants: Participant[] = [];
  for (const veneer of planned.veneers) {
    const session = await crew.session(veneer.name);
    const { xid, statements } = await workOnVeneer(crew, session, { step, planned, veneer, budget });
    participants.push({
      member: veneer.name,
      role: roleOf(crew.run.config, veneer.name),
      session,
      statements: statements.map(ofNobody),
      whole: true,
      replace: () => crew.session(veneer.name),
      xid,
    });
  }
  const { further, idle } = await alignMesh(crew, planned, participants, budget, turns);
  participants.push(...further);
  // Once all are done: a member in both roles is read as its own transaction makes it.
  const readShard = (shard: string): Session | null =>
    participants.find(({ member }) => member === shard)?.session ?? openShard(shard);
  for (const { session } of participants)
    await refuseMadeDrift(crew.run, session, planned.migration, readShard);
  return { participants, idle };
}

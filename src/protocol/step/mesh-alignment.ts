import { veneerMembers } from '../../fleet/member.js';
import type { VeneerStep } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { GroupShard, GroupVeneer } from '../group/group.js';
import type { Aligned } from '../group/gather.js';
import { sqlOf } from '../group/veneer-statement.js';
import { alignVeneers } from '../align/align-veneers.js';
import { readDone } from './group-work.js';
import { readTouched } from '../shard/shard-changes.js';
import type { Crew, Lane } from '../lane/lane.js';
import { ofNobody, type Participant } from '../group/participant.js';
import type { StepStatement } from '../run/journal.js';
import type { HeldTurns } from '../run/turns.js';

/**
 * A migration of the veneers that ran on members which are shards too has changed what the others show of them: their
 * partitions of a parent, say, or a table of their own. Once it has run everywhere, each veneer is brought in line in the
 * transaction that it has (PROTOCOL section 10). Adds to the participants' statements; answers further participants, which
 * had nothing to run themselves, and the sessions of veneers that have nothing to commit.
 */
export async function alignMesh(
  crew: Crew,
  planned: VeneerStep,
  participants: Participant[],
  budget: Budget,
  turns: HeldTurns,
): Promise<MeshAlignment> {
  const shards = participants.flatMap((one) => asShard(crew, planned, one));
  if (shards.length === 0) return { further: [], idle: [] };
  const done = await Promise.all(
    shards.map(async ({ shard, xid }) => {
      const touched = await readTouched(shard.part.lane, shard.session);
      return readDone(shard, { xid, touched }, false);
    }),
  );
  const veneers = await openVeneers(
    crew,
    shards.map(({ shard }) => shard),
  );
  const { aligned } = await alignVeneers({ veneers }, done, budget, turns);
  const further: Participant[] = [];
  const idle: Session[] = [];
  for (const one of aligned) {
    const at = participants.findIndex(({ member }) => member === one.veneer.name);
    const own = participants[at];
    if (own !== undefined)
      participants[at] = { ...own, statements: [...own.statements, ...statementsOf(one)] };
    else if (one.takesPart) further.push(asParticipant(one));
    else idle.push(one.veneer.session);
  }
  return { further, idle };
}

interface MeshAlignment {
  readonly further: readonly Participant[];
  readonly idle: readonly Session[];
}

/** Its own lane for what reads a shard's changes; nothing is known before, and nobody learns from it. */
function asShard(
  crew: Crew,
  { migration, direction }: VeneerStep,
  { member, session, replace, xid }: Participant,
): { readonly shard: GroupShard; readonly xid: string }[] {
  const shard = crew.run.config.shards.find(({ name }) => name === member);
  if (shard === undefined || xid === null) return [];
  const lane: Lane = {
    ...crew,
    shard,
    known: () => ({ relations: [], names: [], fence: false }),
    learn: () => undefined,
  };
  const part = { lane, planned: { migration, direction, tenants: [] }, onPhase: () => undefined };
  return [{ shard: { name: member, session, replace, part }, xid }];
}

async function openVeneers(crew: Crew, shards: readonly GroupShard[]): Promise<GroupVeneer[]> {
  const veneers: GroupVeneer[] = [];
  for (const { name } of veneerMembers(crew.run.config)) {
    veneers.push({
      name,
      session: await crew.session(name),
      replace: () => crew.session(name),
      shows: shards.filter((shard) => shard.name !== name),
    });
  }
  return veneers;
}

const statementsOf = ({ statements }: Aligned): StepStatement[] =>
  sqlOf([...statements.values()].flat()).map(ofNobody);

const asParticipant = (aligned: Aligned): Participant => ({
  member: aligned.veneer.name,
  role: 'veneer',
  session: aligned.veneer.session,
  statements: statementsOf(aligned),
  replace: aligned.veneer.replace,
  xid: null,
});

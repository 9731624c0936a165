import { veneerMembers } from '../../fleet/member.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import type { StepPhase } from '../../report/progress.js';
import type { Lane } from '../lane/lane.js';

/** One migration on one group of members that commit together: a shard and its veneers, or all shards of a fleet. */
export interface Step {
  readonly id: string;
  readonly migration: string;
  readonly parts: readonly StepPart[];
}

/** What a step does on one shard. */
export interface StepPart {
  readonly lane: Lane;
  readonly planned: PlannedStep;
  readonly onPhase: (phase: StepPhase, tenantsDone?: number, why?: string) => void;
}

/**
 * A database of a step's group, with the one session and the one transaction that it has there: two of them, one per
 * shard that a veneer shows, would wait for each other's locks in its catalogs (PROTOCOL section 2).
 */
export interface GroupMember {
  readonly name: string;
  readonly session: Session;
  /** A session in place of this one when it broke, once the old one has ended. */
  readonly replace: () => Promise<Session>;
}

/** A shard of the group, with its part of the step. */
export interface GroupShard extends GroupMember {
  readonly part: StepPart;
}

export interface GroupVeneer extends GroupMember {
  /** The shards of the group that it shows: all but itself. */
  readonly shows: readonly GroupShard[];
}

/** The members of a step's group. */
export interface Group {
  readonly shards: readonly GroupShard[];
  /** In the order of their names; one that is a shard of the group too has the shard's session. */
  readonly veneers: readonly GroupVeneer[];
}

/** Opens what is not open yet. */
export async function openGroup(parts: readonly StepPart[]): Promise<Group> {
  const [first] = parts;
  if (first === undefined) throw new Error('a step has a part');
  const { run } = first.lane;
  const open = async (name: string): Promise<GroupMember> => {
    const lane = laneFor(parts, first, name);
    return {
      name,
      session: await lane.session(name),
      replace: () => lane.session(name),
    };
  };
  const own = new Set(parts.map(({ lane }) => lane.shard.name));
  const others = veneerMembers(run.config).filter(({ name }) => !own.has(name));
  // Side by side; one that is both would be opened twice.
  const [shards] = await allDone([
    allDone(
      parts.map(async (part): Promise<GroupShard> => ({ ...(await open(part.lane.shard.name)), part })),
    ),
    allDone(others.map(({ name }) => open(name))),
  ]);
  const veneers: GroupVeneer[] = [];
  for (const { name } of veneerMembers(run.config)) {
    const shows = shards.filter((shard) => shard.name !== name);
    veneers.push({ ...(await open(name)), shows });
  }
  return { shards, veneers };
}

/** Whose connection to a member is the group's: that of the shard itself, of a veneer that of the first part. */
const laneFor = (parts: readonly StepPart[], first: StepPart, member: string): Lane =>
  (parts.find(({ lane }) => lane.shard.name === member) ?? first).lane;

import type { Config } from '../../config/config.js';
import type { Plan, ShardPlan } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import type { ProtocolChoice } from '../run/journal.js';
import { batchFor, inBatches, type Cut } from './batches.js';
import { mayPrepare, readRooms, type Rooms } from './read-rooms.js';
import { lanesThatFit, refuseTooMany } from './room.js';

/** How the plan is to be run, and where room for it is asked. */
export interface FitOptions {
  /** Each migration is one step over all shards. */
  readonly together: boolean;
  readonly protocol: ProtocolChoice;
  readonly sessionOf: (member: string) => Session;
}

/** A plan, cut to what the servers have room for at this moment. */
export interface Fit extends Rooms {
  readonly plans: readonly ShardPlan[];
  readonly cuts: readonly (Cut & { readonly shard: string })[];
  /** How many shards could go at a time, were there room for them. */
  readonly wanted: number;
  /** How many do; one where not even that fits. */
  readonly lanes: number;
  /** Two-phase is in question. */
  readonly prepares: boolean;
  /** The error (exit 20) by which a run of it ends before it begins. */
  readonly refusal: unknown;
}

/** Reads what the servers have left, and cuts a plan to that. A step over all shards is not cut, and has to fit as a whole. */
export async function fitPlan(
  config: Config,
  { shards }: Pick<Plan, 'shards'>,
  { together, protocol, sessionOf }: FitOptions,
): Promise<Fit> {
  const busy = shards.filter(({ steps }) => steps.length > 0);
  const read = await readRooms(config, busy, sessionOf);
  const prepares = mayPrepare(protocol, read.rooms);
  const atLeast = Math.max(1, busy.length);
  const wanted = together ? atLeast : Math.min(config.rollout.concurrency, atLeast);
  const { lanes, refusal } =
    busy.length === 0 ? { lanes: 1, refusal: null } : lanesIn(read, { wanted, together, prepares });
  const batch = together ? 'none' : batchFor(config);
  const cut = shards.map((plan) => inBatches(plan, batch, capacitiesFor(plan, read), lanes));
  return {
    ...read,
    plans: cut.map(({ plan }) => plan),
    cuts: cut.flatMap(({ plan, cuts }) => cuts.map((one) => ({ shard: plan.shard.name, ...one }))),
    wanted,
    lanes,
    prepares,
    refusal,
  };
}

function lanesIn(
  { rooms }: Rooms,
  { wanted, together, prepares }: Pick<Fit, 'wanted' | 'prepares'> & Pick<FitOptions, 'together'>,
): Pick<Fit, 'lanes' | 'refusal'> {
  try {
    if (!together) return { lanes: lanesThatFit(wanted, rooms, prepares), refusal: null };
    refuseTooMany(rooms, prepares);
    return { lanes: wanted, refusal: null };
  } catch (refusal) {
    return { lanes: 1, refusal };
  }
}

/** Of the servers that a shard's steps touch. */
const capacitiesFor = ({ shard }: ShardPlan, { rooms }: Rooms): Rooms['rooms'][number]['capacity'][] =>
  rooms
    .filter(({ member, role }) => role === 'veneer' || member === shard.name)
    .map(({ capacity }) => capacity);

import { readPartitions, type ForeignPartition } from '../../catalog/relations/read-foreign-tables.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { allDone } from '../../postgres/all-done.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import { mergeParents } from '../../veneer/tables/merge-parents.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import type { WriteForecast } from '../../veneer/writes.js';
import { agreeingPartitions } from './agreeing-partitions.js';
import { foreseeWrites } from './foresee-writes.js';
import type { Foreseen, ForeseenOn } from './foreseen.js';
import type { GroupWork } from '../group/gather.js';
import type { Group, GroupVeneer } from '../group/group.js';
import { planGroupTypes } from './group-types.js';
import type { ShardDone } from '../group/shard-done.js';
import type { TypeWork } from './type-work.js';
import { differenceIn, readOccupiedNames, readPresent } from './veneer-work.js';

/** What one veneer has to change, by the shards that it shows. */
export interface VeneerPlan {
  readonly veneer: GroupVeneer;
  /** Of partitioned tables, for all of their partitions; before everything else. */
  readonly onParents: readonly Change[];
  readonly shows: readonly {
    readonly done: ShardDone;
    readonly changes: readonly Change[];
    readonly writes: readonly WriteForecast[];
    /** Names of what it is to show that something else bears. */
    readonly occupied: readonly QualifiedName[];
  }[];
  readonly types: TypeWork;
}

/** Reads what each veneer of a group has to change, where it was not `foreseen`; nothing is changed yet. */
export const planVeneers = (
  { veneers }: Pick<Group, 'veneers'>,
  done: readonly ShardDone[],
  foreseen: ForeseenOn,
): Promise<VeneerPlan[]> =>
  allDone(
    veneers.map((veneer) =>
      planVeneer(
        veneer,
        done.filter(({ shard }) => veneer.shows.includes(shard)),
        foreseen.get(veneer.name),
      ),
    ),
  );

/** The same for one veneer, of the shards that it shows; `foreseen`: by shard. */
export async function planVeneer(
  veneer: GroupVeneer,
  shown: readonly ShardDone[],
  foreseen: ReadonlyMap<string, Foreseen> = new Map(),
): Promise<VeneerPlan> {
  const { name, session } = veneer;
  // What is asked together takes one round trip.
  const [types, read] = await allDone([
    planGroupTypes(veneer.session, shown),
    allDone(
      shown.map(async ({ shard: { part }, changes }) => {
        const known = foreseen.get(part.lane.shard.name);
        const [present, occupied] = await allDone([
          readPresent(part.lane, session, changes, known),
          readOccupiedNames(part.lane, session, changes.wanted, known),
        ]);
        return {
          occupied,
          changes: differenceIn(part.lane, session, changes, present),
          writes: foreseeWrites(part.lane, session, changes, present.tables),
        };
      }),
    ),
  ]);
  const lists = read.map(({ changes }) => changes);
  const { partitions, outside } = await readSiblings(veneer, shown, lists.flat());
  const { onParents, rest } = mergeParents({ veneer: name, outside }, lists, partitions);
  return {
    veneer,
    types,
    onParents,
    shows: shown.map((one, index) => ({
      done: one,
      changes: rest[index] ?? [],
      writes: read[index]?.writes ?? [],
      occupied: read[index]?.occupied ?? [],
    })),
  };
}

/**
 * The other partitions of the parents that changes ask for, but for those that belong where the parent goes, and the shards that are shown and have no part in the step. Only where
 * there are such parents is the fleet listed: it may have thousands of databases, and every step comes here.
 */
async function readSiblings(
  { name, session }: GroupVeneer,
  shown: readonly ShardDone[],
  changes: readonly Change[],
): Promise<Siblings> {
  const parents = changes.flatMap(({ onParent }) => onParent?.parent ?? []);
  const [first] = shown;
  if (first === undefined || parents.length === 0) return { partitions: [], outside: new Map() };
  const all = shardsShownOn(first.shard.part.lane.run.config, name);
  const taking = new Set(shown.map(({ shard }) => shard.name));
  const others = all.filter((one) => !taking.has(one.name));
  const servers = all.map(({ server }) => server.name);
  const outside = new Map(others.map((one) => [one.server.name, one.name]));
  const partitions = await readPartitions(session, servers, parents);
  const lacking = partitions.filter(({ server }) => outside.has(server));
  const wanted = shown.flatMap((one) => one.changes.wanted);
  const agreeing = new Set(await agreeingPartitions(first.shard.part.lane.run, lacking, wanted));
  return { partitions: partitions.filter((one) => !agreeing.has(one)), outside };
}

interface Siblings {
  readonly partitions: readonly ForeignPartition[];
  /** Shards by the names of their servers. */
  readonly outside: ReadonlyMap<string, string>;
}

/** INSERTs that will no longer do what they did, by shard and veneer. Pure. */
export const writesByShard = (
  done: readonly ShardDone[],
  plans: readonly VeneerPlan[],
): GroupWork['writes'] =>
  new Map(
    done.map((one) => [
      one.shard.name,
      Object.fromEntries(
        plans.flatMap(({ veneer, shows }) =>
          shows.filter((show) => show.done === one).map(({ writes }) => [veneer.name, writes] as const),
        ),
      ),
    ]),
  );

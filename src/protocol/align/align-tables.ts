import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import { OTHER, type VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import type { VeneerPlan } from './plan-veneers.js';
import { hasUnions } from './union-facts.js';
import { alignUnions, putUnionsAside } from './unions.js';
import {
  alignVeneer,
  beginAhead,
  beginOnVeneer,
  executeChanges,
  isPlain,
  proveAligned,
  refuseOccupied,
} from './veneer-work.js';

/** What is to be done to a veneer's foreign tables and their parents. */
type Tables = Pick<VeneerPlan, 'onParents' | 'shows'>;

/**
 * Partitioned parents, then the foreign tables, with the views over all tenants around them. Answers the statements by
 * shard; what is nobody's in particular stands with the first, or with the last where it comes at the end.
 */
export async function alignTables(
  session: Session,
  tables: Tables,
  before: readonly VeneerStatement[],
  budget: Budget,
): Promise<Map<string, VeneerStatement[]>> {
  const { onParents, shows } = tables;
  const statements = new Map(shows.map(({ done }) => [done.shard.name, [] as VeneerStatement[]]));
  const [first] = shows;
  if (first === undefined) return statements;
  const { lane } = first.done.shard.part;
  const add: Add = ({ done }, more) => void statements.get(done.shard.name)?.push(...more);
  add(first, before);
  add(first, await alterParents(lane, session, onParents, budget));
  for (const { done, changes, occupied } of shows)
    refuseOccupied(session, done.shard.part.lane.shard.server.name, changes, occupied);
  if (shows.every(({ changes }) => changes.length === 0)) {
    await alignShown(session, tables, add, budget);
    return statements;
  }
  const { begun } = await beginAhead(lane, session, budget);
  if (!isOneText(tables)) await begun;
  await allDone([begun, alignShown(session, tables, add, budget)]);
  return statements;
}

/** Nothing but changes that are run as they are: no views are put aside, and nothing is looked for that might depend on a table. */
const isOneText = ({ shows }: Tables): boolean =>
  shows.length === 1 &&
  shows.every(
    ({ done, changes }) =>
      !hasUnions(done.shard.part.lane.run.config) && changes.every((change) => isPlain(change)),
  );

type Add = (show: VeneerPlan['shows'][number], statements: readonly VeneerStatement[]) => void;

async function alignShown(
  session: Session,
  { onParents, shows }: Tables,
  add: Add,
  budget: Budget,
): Promise<void> {
  const [first] = shows;
  if (first === undefined) return;
  const { config } = first.done.shard.part.lane.run;
  const changes = shows.map((one) => ({
    server: one.done.shard.part.lane.shard.server.name,
    changes: one.changes,
    wanted: one.done.changes.wanted,
  }));
  const unions = await putUnionsAside(config, session, changes, budget);
  add(first, unions.statements);
  for (const show of shows) {
    const own = show.done.shard.part.lane;
    add(show, await alignVeneer(own, session, show.done.changes, show.changes, budget));
    // Partitions followed their parent, and nothing else was to be done.
    if (onParents.length > 0 && show.changes.length === 0)
      await proveAligned(own, session, show.done.changes);
  }
  add(shows.at(-1) ?? first, await alignUnions(config, session, unions, budget));
}

/** What partitions of several shards follow belongs to no table of one. */
async function alterParents(
  lane: Lane,
  session: Session,
  changes: readonly Change[],
  budget: Budget,
): Promise<VeneerStatement[]> {
  if (changes.length === 0) return [];
  await beginOnVeneer(lane, session, budget);
  const statements = await executeChanges(lane, session, changes, budget);
  return statements.map(({ sql, of }) => ({ sql, of: of.kind === 'table' ? OTHER : of }));
}

import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import { remoteOf } from '../../catalog/relations/relation.js';
import type { TenantConfig } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposureOf } from '../../veneer/exposure/exposure.js';
import type { Budget } from '../lane/budget.js';
import { wholeShard, type Affected, type Lane } from '../lane/lane.js';
import { fenceVeneer } from './fence.js';
import { foresee, namesShown, NOTHING_FORESEEN, type Foreseen } from './foreseen.js';
import { lockTables, type ReadLocked } from './lock-tables.js';
import { readStrangers } from './strangers.js';
import { beginOnVeneer } from './veneer-work.js';

/**
 * Begins, and takes ACCESS EXCLUSIVE on the foreign tables that show what a migration is known to change of these tenants, ours
 * and others'; where it needs the fence, on all of the shard. Answers what they are. What its text alone tells is no reason to
 * touch what others made, whose owner we may not be.
 */
export async function lockKnown(
  lane: Lane,
  session: Session,
  tenants: readonly TenantConfig[],
  { relations, names, fence, byText = false }: Affected,
  budget: Budget,
): Promise<Foreseen> {
  const exposure = exposureOf(lane.run.config, wholeShard(lane));
  const { name: server } = lane.shard.server;
  let foreseen = NOTHING_FORESEEN;
  const read: ReadLocked = async (locked) => {
    foreseen = await foresee(session, server, namesShown(exposure, tenants, names), locked);
  };
  if (fence) {
    await fenceVeneer(lane, session, budget, read);
    return foreseen;
  }
  const ours = namesShown(exposure, tenants, relations);
  const named = byText ? ours : [...ours, ...(await readStrangers(lane, session, exposure))];
  if (named.length === 0) return foreseen;
  const [tables] = await allDone([
    readForeignTableHeads(session, [server], named),
    beginOnVeneer(lane, session, budget),
  ]);
  const remote = tenants.flatMap(({ schema }) => relations.map((name) => nameKey({ schema, name })));
  const keys = new Set(remote);
  const known = tables.filter((table) => keys.has(nameKey(remoteOf(table))));
  await lockTables(lane, session, known, budget, read);
  return foreseen;
}

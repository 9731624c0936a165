import { readForeignTableHeads } from '../../catalog/read-foreign-tables.js';
import type { ForeignTableHead } from '../../catalog/relation.js';
import type { Session } from '../../postgres/session.js';
import { isOurs } from '../../veneer/definition.js';
import type { Exposure } from '../../veneer/exposure.js';
import type { Lane } from '../lane/lane.js';

/**
 * The foreign tables by which a veneer shows something of the shard under names that no rule gives: somebody else made them.
 * Asked for once for all steps of a lane, since all tables of the server are looked through for them, whose number grows with
 * the fleet. Who reads one that is made meanwhile is waited for on the shard, as everybody is in the first attempt at a step.
 */
export async function readStrangers(
  lane: Lane,
  veneer: Session,
  exposure: Exposure,
): Promise<readonly ForeignTableHead[]> {
  const known = lane.strangers.get(veneer.member);
  if (known !== undefined) return known;
  const tables = await readForeignTableHeads(veneer, [lane.shard.server.name]);
  const strangers = tables.filter((table) => !isOurs(exposure, table));
  lane.strangers.set(veneer.member, strangers);
  return strangers;
}

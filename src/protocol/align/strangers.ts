import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isOurs } from '../../veneer/exposure/definition.js';
import type { Exposure } from '../../veneer/exposure/exposure.js';
import type { Lane } from '../lane/lane.js';

/**
 * The names of foreign tables by which a veneer shows something of the shard under names that no rule gives: somebody else made
 * them. Asked for once for all steps of a lane, since all tables of the server are looked through for them, whose number grows
 * with the fleet. Names alone, for whoever looks at the tables anew: their makers may do with them what they like meanwhile.
 * Who reads one that was made since is waited for on the shard, as everybody is in the first attempt at a step of which no text tells.
 */
export async function readStrangers(
  lane: Lane,
  veneer: Session,
  exposure: Exposure,
): Promise<readonly QualifiedName[]> {
  // The lanes of a rehearsal share one crew.
  const key = `${veneer.member} ${exposure.server}`;
  const known = lane.strangers.get(key);
  if (known !== undefined) return known;
  const tables = await readForeignTableHeads(veneer, [exposure.server]);
  const names = tables
    .filter((table) => !isOurs(exposure, table))
    .map(({ schema, name }) => ({ schema, name }));
  lane.strangers.set(key, names);
  return names;
}

import { readMappings, readServers } from '../../catalog/relations/read-servers.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';

/**
 * Drops a server of a veneer with its user mappings, each by its name: whatever still depends on the server, a foreign table
 * of somebody else perhaps, refuses it.
 */
export async function serverDrops(veneer: Session, name: string): Promise<string[]> {
  const [server] = await readServers(veneer, [name]);
  if (server === undefined) return [];
  const mappings = await readMappings(veneer, [name]);
  return [
    ...mappings.map(
      ({ role }) =>
        `DROP USER MAPPING FOR ${role === 'public' ? 'PUBLIC' : ident(role)} SERVER ${ident(name)}`,
    ),
    `DROP SERVER ${ident(name)}`,
  ];
}

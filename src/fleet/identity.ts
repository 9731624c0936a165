import { EXIT, VeneerError } from '../errors.js';
import type { Session } from '../postgres/session.js';

/** Which databases have answered, each with the member that it is: `system_identifier` and oid, never a name or url. */
export type KnownDatabases = Map<string, string>;

/**
 * Notes whose database answers. Throws (exit 78) where it is another member's already: two names for one database would
 * end each other's sessions over its locks, and wait for each other in a step (PROTOCOL section 2).
 */
export function claimDatabase(known: KnownDatabases, { member, server }: Session): void {
  const database = `${server.systemIdentifier} ${server.databaseOid}`;
  const other = known.get(database) ?? member;
  known.set(database, other);
  if (other === member) return;
  throw new VeneerError(`${other} and ${member} are one database, ${server.database}`, {
    exitCode: EXIT.config,
    where: { member },
    hint: 'a database is one member: give it one name, which may stand under veneers and under shards',
  });
}

import type { Session } from './session.js';
import { isState, SQLSTATE } from './sqlstate.js';
import { inOneGo, inReadOnly, readingIn } from './transaction.js';

/** Does one of our own tables exist there? Without any the fleet was never set up on the member. */
export async function hasTable(session: Session, table: string): Promise<boolean> {
  const [row] = await session.prepared<{ found: boolean }>(
    `SELECT to_regclass('pgveneer.' || $1) IS NOT NULL AS found`,
    [table],
  );
  return row?.found === true;
}

/**
 * What is read of one of our own tables; null where the table is not there. In one round trip, but for inside of a transaction, which
 * the error would end.
 */
export async function rowsIfThere<T>(
  session: Session,
  table: string,
  ask: () => Promise<T>,
): Promise<T | null> {
  // Whoever reads in one go has seen to it that it is there.
  if (readingIn(session) === 'one go') return ask();
  if (readingIn(session) !== null || session.status() !== 'I')
    return (await hasTable(session, table)) ? ask() : null;
  try {
    return await ask();
  } catch (error) {
    if (isState(error, SQLSTATE.undefinedTable)) return null;
    throw error;
  }
}

/**
 * Reads of one of our own tables, among others, none of which needs another's answer: in one go where it was there as the session was
 * opened, else with a look for it before. That it was not there is not believed, since `setup` may have made it meanwhile; nobody
 * takes it away again. Not simply asked for either: it would be an error in the log of a server where nothing was ever set up.
 */
export const inOneGoWith = <T>(session: Session, table: string, ask: () => Promise<T>): Promise<T> =>
  session.server.stateTables.has(table) ? inOneGo(session, ask) : inReadOnly(session, ask);

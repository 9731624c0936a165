import type { Row, Session } from './session.js';
import { isState, SQLSTATE } from './sqlstate.js';

/** Does one of our own tables exist there? Without any the fleet was never set up on the member. */
export async function hasTable(session: Session, table: string): Promise<boolean> {
  const [row] = await session.prepared<{ found: boolean }>(
    `SELECT to_regclass('pgveneer.' || $1) IS NOT NULL AS found`,
    [table],
  );
  return row?.found === true;
}

/**
 * The rows that a query over one of our own tables answers; null where the table is not there. In one round trip, but for inside of a
 * transaction, which the error would end.
 */
export async function rowsIfThere<R extends Row>(
  session: Session,
  table: string,
  ask: () => Promise<R[]>,
): Promise<R[] | null> {
  if (session.status() !== 'I') return (await hasTable(session, table)) ? ask() : null;
  try {
    return await ask();
  } catch (error) {
    if (isState(error, SQLSTATE.undefinedTable)) return null;
    throw error;
  }
}

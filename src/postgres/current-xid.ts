import type { Session } from './session.js';

/** Gives the open transaction an id where it has none yet, and answers it: with its epoch (xid8), as text. */
export const CURRENT_XID = 'SELECT pg_catalog.pg_current_xact_id()::text AS xid';

/** The same, asked of a session. */
export async function currentXid(session: Session): Promise<string> {
  const [own] = await session.prepared<{ xid: string }>(CURRENT_XID);
  return own?.xid ?? '';
}

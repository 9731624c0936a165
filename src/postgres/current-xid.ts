import type { Session } from './session.js';

/** The id of the session's open transaction, with its epoch (xid8); gives it one where it has none yet. */
export async function currentXid(session: Session): Promise<string> {
  const [own] = await session.prepared<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  return own?.xid ?? '';
}

import type { Session } from './session.js';
import { isState, SQLSTATE } from './sqlstate.js';

/**
 * Waits until what this server has written so far is as safe as what it answers a COMMIT for: on the standbys that it has to be on.
 * Others see a transaction whose COMMIT or PREPARE still waits for them once its session is ended, and a failover may lose it. A
 * message in the WAL, since a transaction that wrote none is not waited for. Where the role may not write one (PUBLIC may, unless
 * somebody has taken it away) nothing is waited for.
 */
export async function asSafeAsCommit(session: Session): Promise<void> {
  try {
    await session.query(`SELECT pg_catalog.pg_logical_emit_message(true, 'pgveneer', '')`);
  } catch (error) {
    if (!isState(error, SQLSTATE.insufficientPrivilege)) throw error;
  }
}

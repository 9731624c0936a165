import type { Session } from './session.js';

/** An expression: true where the session has made a schema for temporary tables, which it keeps until its end. */
export const HAS_TEMPORARY_SCHEMA = 'pg_catalog.pg_my_temp_schema() <> 0';

const keeping = new WeakSet<Session>();

/** Remembers what {@link HAS_TEMPORARY_SCHEMA} answered in a transaction that may commit, or outside of one. */
export function noteTemporarySchema(session: Session, has: boolean | undefined): void {
  if (has === true) keeping.add(session);
}

/** The same, asked now. */
export async function askTemporarySchema(session: Session): Promise<void> {
  const [row] = await session.prepared<{ has: boolean }>(`SELECT ${HAS_TEMPORARY_SCHEMA} AS has`);
  noteTemporarySchema(session, row?.has);
}

/**
 * Has a session a schema for temporary tables, which a migration made in it? Then it must not prepare a transaction any more:
 * DISCARD TEMP between tenants locks that schema, the prepared transaction keeps the lock, and the backend of a runner that dies then
 * waits for it on its way out, to empty the schema, while recovery waits for the backend.
 *
 * Known from whatever commits in it: a transaction says it with its evidence, what runs without one is asked behind it. One that was
 * rolled back has taken a schema that it made with it, and one that made it cannot be prepared.
 */
export const keepsTemporarySchema = (session: Session): boolean => keeping.has(session);

import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';

/** What a foreign table shows: the server and the name there. */
export interface Shown extends Row {
  readonly server: string;
  readonly remote: QualifiedName;
}

/** What the foreign tables among these oids show. Raw columns only, so that nothing waits for a lock of our own. */
export async function readShown(session: Session, oids: readonly string[]): Promise<Shown[]> {
  if (oids.length === 0) return [];
  return session.query<Shown>(
    `SELECT s.srvname::text AS server,
            json_build_object(
              'schema', coalesce((SELECT option_value FROM pg_options_to_table(f.ftoptions)
                                   WHERE option_name = 'schema_name'), n.nspname),
              'name', coalesce((SELECT option_value FROM pg_options_to_table(f.ftoptions)
                                 WHERE option_name = 'table_name'), c.relname)) AS remote
       FROM pg_foreign_table f
       JOIN pg_foreign_server s ON s.oid = f.ftserver
       JOIN pg_class c ON c.oid = f.ftrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE f.ftrelid = ANY ($1::oid[])`,
    [oids],
  );
}

import type { Row, Session } from '../../postgres/session.js';
import { optionsOf, type Options } from './relation.js';

/** A foreign server as it stands on a veneer. */
export interface PresentServer {
  readonly name: string;
  readonly wrapper: string;
  readonly options: Options;
}

/** A user mapping; `options` null where this user may not read them, which is not the same as empty. */
export interface PresentMapping {
  readonly server: string;
  readonly role: string;
  readonly options: Options | null;
}

/** The servers of these names. */
export async function readServers(session: Session, names: readonly string[]): Promise<PresentServer[]> {
  const rows = await session.prepared<{ name: string; wrapper: string; options: string[] | null }>(
    `SELECT s.srvname::text AS name, w.fdwname::text AS wrapper, s.srvoptions AS options
       FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
      WHERE s.srvname = ANY ($1::text[])`,
    [names],
  );
  return rows.map((row) => ({ ...row, options: optionsOf(row.options) }));
}

/**
 * The user mappings of these servers. pg_user_mappings shows the options only to the mapped role itself, to the
 * server's owner for PUBLIC, and to superusers (https://www.postgresql.org/docs/current/view-pg-user-mappings.html).
 */
export async function readMappings(session: Session, servers: readonly string[]): Promise<PresentMapping[]> {
  const rows = await session.prepared<{ server: string; role: string; options: string[] | null } & Row>(
    `SELECT srvname::text AS server, usename::text AS role, umoptions AS options
       FROM pg_user_mappings WHERE srvname = ANY ($1::text[])`,
    [servers],
  );
  return rows.map((row) => ({ ...row, options: row.options === null ? null : optionsOf(row.options) }));
}

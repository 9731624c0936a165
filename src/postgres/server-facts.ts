import { pins, type Values } from './hygiene.js';

/** What a session learns about its server in the round trip that opens it. */
export interface ServerFacts {
  /** system_identifier of pg_control_system(): with the database's oid it says which database this is. */
  readonly systemIdentifier: string;
  readonly databaseOid: string;
  readonly database: string;
  /** Who works there, and so whose what it prepares is: the role, or the user of the url. */
  readonly user: string;
  /** server_version_num: 150018. */
  readonly version: number;
  readonly inRecovery: boolean;
  readonly maxPreparedTransactions: number;
  /** Those of our own tables that many read which were there as the session was opened; none where it may not look. */
  readonly stateTables: ReadonlySet<string>;
  /** Milliseconds after which the server looks for deadlocks, and ends one of those who wait. */
  readonly deadlockTimeoutMs: number;
}

/** To look for a table in a schema that one may not use is an error. */
const STATE_TABLES = `
  CASE WHEN has_schema_privilege(to_regnamespace('pgveneer'), 'USAGE')
       THEN ARRAY(SELECT name FROM unnest('{ledger,history}'::text[]) AS name WHERE to_regclass('pgveneer.' || name) IS NOT NULL)
       END`;

/** What every session runs first: the pins, as far as this server's version knows them, and who it is. */
export const opening = (holdMs: number | null, settings: Values): string => `
  SELECT ${pins(holdMs, settings)} AS pinned,
         c.system_identifier::text AS system_identifier, d.oid::text AS database_oid, d.datname AS database,
         current_user::text AS "user", current_setting('server_version_num')::int AS version,
         pg_is_in_recovery() AS in_recovery, pg_backend_pid() AS pid,
         current_setting('max_prepared_transactions')::int AS max_prepared,
         (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000)::int AS deadlock_timeout,
         ${STATE_TABLES} AS state_tables
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`;

/** What {@link opening} answers. */
export interface OpenRow extends Record<string, unknown> {
  pinned: Readonly<Record<string, string>>;
  system_identifier: string;
  database_oid: string;
  database: string;
  user: string;
  version: number;
  in_recovery: boolean;
  pid: number;
  max_prepared: number;
  deadlock_timeout: number;
  state_tables: readonly string[] | null;
}

/** The answer to a session's first question, in our words. */
export function factsOf(row: OpenRow): ServerFacts {
  return {
    systemIdentifier: row.system_identifier,
    databaseOid: row.database_oid,
    database: row.database,
    user: row.user,
    version: row.version,
    inRecovery: row.in_recovery,
    maxPreparedTransactions: row.max_prepared,
    deadlockTimeoutMs: row.deadlock_timeout,
    stateTables: new Set(row.state_tables),
  };
}

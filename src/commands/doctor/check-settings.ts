import { ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { ok, warning } from './outcomes.js';

/** A setting as sessions of this login begin with it in this database. */
interface Setting extends Row {
  readonly name: string;
  readonly value: string;
  /** Whom ALTER ROLE or ALTER DATABASE has given it; null: the server, or the url. */
  readonly setFor: { readonly role: string | null; readonly database: string | null } | null;
}

/**
 * Limits that end statements, transactions or sessions, or forbid to write, and what lets a COMMIT be lost: with the value by which they
 * do not.
 */
const LIMITS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
};

/** What runs are harmed by, and set not themselves: it is somebody's decision, or only a superuser's to make. */
const HARMS: Readonly<Record<string, { readonly values: readonly string[]; readonly harm: string }>> = {
  session_replication_role: {
    values: ['replica', 'local'],
    harm: 'triggers of migrations that change rows do not fire, and with replica foreign keys are not checked',
  },
};

/**
 * The login's, or the database's, settings: those that harm a run, and the limits that sessions of a run take off, so that nobody has to
 * wonder. reset_val is what the session began with, before it set its own.
 */
export async function settingsChecks(session: Session): Promise<DoctorCheck[]> {
  const settings = await session.query<Setting>(SETTINGS, [[...Object.keys(LIMITS), ...Object.keys(HARMS)]]);
  const harmful = settings.flatMap((setting) => harmOf(setting));
  if (harmful.length > 0) return harmful;
  const taken = settings.filter(
    ({ name, value }) =>
      LIMITS[name] !== undefined && value !== LIMITS[name] && session.pinned[name] !== undefined,
  );
  const text = taken.map(({ name, value }) => `${name} = ${value}`).join(', ');
  return [ok('settings', taken.length === 0 ? 'none is in the way' : `${text}: not for sessions of a run`)];
}

function harmOf(setting: Setting): DoctorCheck[] {
  const { name, value } = setting;
  const found = HARMS[name];
  return found?.values.includes(value) === true
    ? [warning('settings', `${name} = ${value}: ${found.harm}`, resetting(setting))]
    : [];
}

/** What takes it back where it was set. */
function resetting({ name, setFor }: Setting): string {
  if (setFor === null) return `set ${name} to its default in postgresql.conf, or leave it out of the url`;
  const { role, database } = setFor;
  if (role === null && database !== null) return `ALTER DATABASE ${ident(database)} RESET ${name}`;
  const where = database === null ? '' : ` IN DATABASE ${ident(database)}`;
  return `ALTER ROLE ${role === null ? 'ALL' : ident(role)}${where} RESET ${name}`;
}

/** Of several ALTERs the narrowest holds: https://www.postgresql.org/docs/current/sql-alterrole.html */
const SETTINGS = `
  SELECT s.name, s.reset_val AS value,
         (SELECT json_build_object('role', r.rolname, 'database', d.datname)
            FROM pg_db_role_setting g
            LEFT JOIN pg_roles r ON r.oid = g.setrole
            LEFT JOIN pg_database d ON d.oid = g.setdatabase
           WHERE (g.setrole = 0 OR r.rolname = session_user)
             AND (g.setdatabase = 0 OR d.datname = current_database())
             AND EXISTS (SELECT FROM unnest(g.setconfig) AS c WHERE split_part(c, '=', 1) = s.name)
           ORDER BY g.setrole <> 0 DESC, g.setdatabase <> 0 DESC LIMIT 1) AS "setFor"
    FROM pg_settings s WHERE s.name = ANY ($1::text[]) ORDER BY s.name`;

import type { Config } from '../../config/config.js';
import type { Member } from '../../fleet/member.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { schemasShownOn } from '../setup/setup-veneer.js';
import { bySuperuser, failed, ok } from './outcomes.js';

/**
 * What setup does not look at again, since it is there: whether the member's user may make things in the schemas of tenants and of what a
 * veneer shows, and write what a run records. Somebody else may have made them, as a superuser who ran setup.
 */
export async function rightsChecks(
  config: Config,
  { name, shard, veneer }: Member,
  session: Session,
): Promise<DoctorCheck[]> {
  const schemas = [
    ...(shard?.tenants ?? []).map(({ schema }) => schema),
    ...(veneer === null ? [] : schemasShownOn(config, name)),
  ];
  const [row] = await session.query<{ readonly closed: readonly string[]; readonly recording: boolean }>(
    RIGHTS,
    [schemas],
  );
  const { closed = [], recording = true } = row ?? {};
  const user = ident(session.server.user);
  const told = [
    ...(recording
      ? []
      : [
          failed(
            'rights',
            'its user may not write in schema pgveneer, where a run records what it does',
            bySuperuser([
              `GRANT USAGE ON SCHEMA pgveneer TO ${user}`,
              `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgveneer TO ${user}`,
            ]),
          ),
        ]),
    ...(closed.length === 0
      ? []
      : [
          failed(
            'rights',
            `its user may make nothing in schema ${someOf(closed)}`,
            bySuperuser([
              `GRANT USAGE, CREATE ON SCHEMA ${closed.map((schema) => ident(schema)).join(', ')} TO ${user}`,
            ]),
          ),
        ]),
  ];
  return told.length > 0 ? told : [ok('rights', 'its user may make and write what a run does')];
}

/** The first ones; the cure has all. */
const someOf = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? `, and ${names.length - 3} more` : ''}`;

/** Of the schemas $1 those that are there and closed; before setup there is nothing to be recorded in. */
const RIGHTS = `
  SELECT ARRAY(SELECT n.nspname::text FROM pg_namespace n
                WHERE n.nspname = ANY ($1::text[])
                  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'))
                ORDER BY 1) AS closed,
         NOT EXISTS (SELECT FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
                      WHERE n.nspname = 'pgveneer'
                        AND NOT (has_schema_privilege(n.oid, 'USAGE')
                             AND (c.oid IS NULL OR has_table_privilege(c.oid, 'SELECT')
                             AND has_table_privilege(c.oid, 'INSERT')
                             AND has_table_privilege(c.oid, 'UPDATE')
                             AND has_table_privilege(c.oid, 'DELETE')))) AS recording`;

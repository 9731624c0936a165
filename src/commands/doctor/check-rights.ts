import type { Config } from '../../config/config.js';
import type { Member } from '../../fleet/member.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { schemasShownOn } from '../setup/setup-veneer.js';
import { bySuperuser, failed, ok } from './outcomes.js';

interface Rights extends Row {
  /** Schemas in which nothing may be made. */
  readonly closed: readonly string[];
  /** Servers over which no foreign table may be made. */
  readonly servers: readonly string[];
  /** May what a run records be written? */
  readonly recording: boolean;
}

/**
 * What setup does not look at again, since it is there: whether the member's user may make things in the schemas of tenants and of what a
 * veneer shows, over its servers, and write what a run records. Somebody else may have made them, as a superuser who ran setup.
 */
export async function rightsChecks(
  config: Config,
  { name, shard, veneer }: Member,
  session: Session,
): Promise<DoctorCheck[]> {
  const schemas = (shard?.tenants ?? []).map(({ schema }) => schema);
  const shown = veneer === null ? [] : schemasShownOn(config, name);
  const servers = veneer === null ? [] : shardsShownOn(config, name).map(({ server }) => server.name);
  const [row] = await session.query<Rights>(RIGHTS, [[...schemas, ...shown], servers]);
  const told = row === undefined ? [] : lackedRights(row, ident(session.server.user));
  return told.length > 0 ? told : [ok('rights', 'its user may make and write what a run does')];
}

function lackedRights({ closed, servers, recording }: Rights, user: string): DoctorCheck[] {
  const lacks = (found: string, ...cure: readonly string[]): DoctorCheck =>
    failed('rights', `its user may ${found}`, bySuperuser(cure.map((grant) => `GRANT ${grant} TO ${user}`)));
  const all = (names: readonly string[]): string => names.map((one) => ident(one)).join(', ');
  return [
    ...(recording
      ? []
      : [
          lacks(
            'not write in schema pgveneer, where a run records what it does',
            'USAGE ON SCHEMA pgveneer',
            'SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgveneer',
          ),
        ]),
    ...(closed.length === 0
      ? []
      : [lacks(`make nothing in schema ${someOf(closed)}`, `USAGE, CREATE ON SCHEMA ${all(closed)}`)]),
    ...(servers.length === 0
      ? []
      : [
          lacks(
            `make no foreign table over server ${someOf(servers)}`,
            `USAGE ON FOREIGN SERVER ${all(servers)}`,
          ),
        ]),
  ];
}

/** The first ones; the cure has all. */
const someOf = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? `, and ${names.length - 3} more` : ''}`;

/** Of the schemas $1 and servers $2 those that are there and closed; before setup there is nothing to be recorded in. */
const RIGHTS = `
  SELECT ARRAY(SELECT n.nspname::text FROM pg_namespace n
                WHERE n.nspname = ANY ($1::text[])
                  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'))
                ORDER BY 1) AS closed,
         ARRAY(SELECT srvname::text FROM pg_foreign_server
                WHERE srvname = ANY ($2::text[]) AND NOT has_server_privilege(oid, 'USAGE') ORDER BY 1) AS servers,
         NOT EXISTS (SELECT FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
                      WHERE n.nspname = 'pgveneer'
                        AND NOT (has_schema_privilege(n.oid, 'USAGE')
                             AND (c.oid IS NULL OR has_table_privilege(c.oid, 'SELECT')
                             AND has_table_privilege(c.oid, 'INSERT')
                             AND has_table_privilege(c.oid, 'UPDATE')
                             AND has_table_privilege(c.oid, 'DELETE')))) AS recording`;

import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import type { Member } from '../../fleet/member.js';
import { ident, literal } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { hasTable } from '../../postgres/state-tables.js';
import { journalMember } from '../../protocol/run/journal-member.js';
import {
  JOURNAL_STATEMENTS,
  STATE_STATEMENTS,
  STATE_VERSION,
  TENANTS_STATEMENTS,
} from '../../protocol/run/state-schema.js';
import { exposedSchemas, exposureOf } from '../../veneer/exposure/exposure.js';

/** What a member keeps, by its part in the fleet. */
interface StatePart {
  readonly tables: readonly string[];
  readonly statements: readonly string[];
}

const EVERY_MEMBER: StatePart = { tables: ['ledger', 'step', 'backfill'], statements: STATE_STATEMENTS };
/** On every veneer, since a run that goes on without the first one keeps its intents on the next. */
const JOURNAL: StatePart = { tables: ['intent', 'history'], statements: JOURNAL_STATEMENTS };
const VENEER: StatePart = { tables: ['tenant', 'tenants'], statements: TENANTS_STATEMENTS };

/** The statements for schema pgveneer; none where all of it is there in this version already. */
export async function stateStatements(
  config: Config,
  session: Session,
  member: Member,
): Promise<readonly string[]> {
  const parts = [
    EVERY_MEMBER,
    ...(journalMember(config) === member.name || member.veneer !== null ? [JOURNAL] : []),
    ...(member.veneer === null ? [] : [VENEER]),
  ];
  const [found] = await session.query<{ comment: string | null; complete: boolean }>(
    `SELECT obj_description(to_regnamespace('pgveneer'), 'pg_namespace') AS comment,
            (SELECT bool_and(to_regclass('pgveneer.' || name) IS NOT NULL) FROM unnest($1::text[]) AS name) AS complete`,
    [parts.flatMap(({ tables }) => tables)],
  );
  const current = found?.comment?.endsWith(`format ${STATE_VERSION}`) === true;
  return current && found?.complete ? [] : parts.flatMap(({ statements }) => statements);
}

/** GRANTs with which the fleet's roles may read pgveneer.tenants, and nothing else of ours. */
export async function tenantsGrants({ roles }: Config, session: Session): Promise<string[]> {
  const lacking = await session.query<{ name: string }>(
    // A role that is not there yet is made by a superuser before.
    `SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, at) LEFT JOIN pg_roles ON rolname = name
      WHERE NOT coalesce(has_schema_privilege(oid, to_regnamespace('pgveneer'), 'USAGE')
                     AND has_table_privilege(oid, to_regclass('pgveneer.tenants'), 'SELECT'), false)
      ORDER BY at`,
    [roles.map((role) => role.name).filter((name) => name !== session.server.user)],
  );
  return lacking.flatMap(({ name }) => [
    `GRANT USAGE ON SCHEMA pgveneer TO ${ident(name)}`,
    `GRANT SELECT ON pgveneer.tenants TO ${ident(name)}`,
  ]);
}

/**
 * Rows of pgveneer.tenant, so that a dashboard or routing code can ask the veneer which tenants there are. `dropped`: tenants
 * that go. The row of another one that is not listed any more stays where tenants are databases: a schema is told of by the
 * ledger of its shard, while nothing else leads to a database that is no member.
 */
export async function tenantRows(
  config: Config,
  session: Session,
  dropped: readonly string[] = [],
): Promise<string[]> {
  const present = await readTenantRows(session);
  const wanted = wantedRows(config, session.member, present ?? [], dropped);
  if (present !== null && sameRows(present, wanted)) return [];
  const values = wanted.map((row) => `(${row.map((value) => literal(value)).join(', ')})`);
  return [
    'DELETE FROM pgveneer.tenant',
    ...(values.length === 0
      ? []
      : [`INSERT INTO pgveneer.tenant (tenant, shard, server, schema, state) VALUES ${values.join(', ')}`]),
  ];
}

/** Are these the rows that a veneer should have? Pure. */
export const areTenantRows = (config: Config, veneer: string, present: readonly TenantRow[]): boolean =>
  sameRows(present, wantedRows(config, veneer, present, []));

function wantedRows(
  config: Config,
  veneer: string,
  present: readonly TenantRow[],
  dropped: readonly string[],
): readonly (readonly string[])[] {
  const left = leftRows(config, present).filter(({ tenant }) => !dropped.includes(tenant));
  const listed = config.shards.flatMap((shard) =>
    shard.tenants.map((tenant) => [
      tenant.name,
      shard.key,
      ...placeOf(config, shard, tenant, veneer),
      'live',
    ]),
  );
  return [...listed, ...left.map(valuesOf)];
}

/** Server and schema; the member's own tenants have none of the one, and are where they are. */
function placeOf(
  config: Config,
  shard: ShardConfig,
  tenant: TenantConfig,
  veneer: string,
): readonly [server: string, schema: string] {
  if (shard.name === veneer) return ['', tenant.schema];
  const [schema = ''] = exposedSchemas(exposureOf(config, { ...shard, tenants: [tenant] }));
  return [shard.server.name, schema];
}

/** A row of pgveneer.tenant. */
export interface TenantRow extends Row {
  readonly tenant: string;
  readonly shard: string;
  readonly server: string;
  readonly schema: string;
  readonly state: string;
}

const valuesOf = ({ tenant, shard, server, schema, state }: TenantRow): string[] => [
  tenant,
  shard,
  server,
  schema,
  state,
];

/** Null where the fleet was never set up there. */
export const readTenantRows = async (session: Session): Promise<TenantRow[] | null> =>
  (await hasTable(session, 'tenant')) ? presentTenantRows(session) : null;

/** The same where it is known that they are there, and may be read. */
export const presentTenantRows = (session: Session): Promise<TenantRow[]> =>
  session.prepared<TenantRow>(
    'SELECT tenant, shard, server, schema, state FROM pgveneer.tenant ORDER BY tenant',
  );

/** Those of tenants that are databases and listed no more. Pure. */
export function leftRows({ tenantIs, shards }: Config, rows: readonly TenantRow[]): TenantRow[] {
  if (tenantIs === 'schema') return [];
  const listed = new Set(shards.flatMap(({ tenants }) => tenants.map(({ name }) => name)));
  return rows.filter(({ tenant }) => !listed.has(tenant));
}

function sameRows(rows: readonly TenantRow[], wanted: readonly (readonly string[])[]): boolean {
  const present = new Set(rows.map((row) => JSON.stringify(valuesOf(row))));
  return present.size === wanted.length && wanted.every((row) => present.has(JSON.stringify(row)));
}

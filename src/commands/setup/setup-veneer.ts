import {
  readPrivileges,
  readRoles,
  readSchemas,
  type WantedPrivileges,
} from '../../catalog/read-privileges.js';
import { readMappings, readServers } from '../../catalog/relations/read-servers.js';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { ident, literal } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposedSchemas, exposureOf } from '../../veneer/exposure/exposure.js';
import { escaped } from '../../veneer/exposure/pattern-words.js';
import { grantStatements } from '../../veneer/dependents/privileges.js';
import { mappingStatements, plain, serverStatements, type MaskedStatement } from '../../veneer/servers.js';
import { tenantRows, tenantsGrants } from './setup-state.js';
import type { MemberPlan } from './setup-plan.js';

/** Reads a veneer and decides what setup has to do there. Changes nothing. `unready`: shards whose mappings stay as they are. */
export async function planVeneer(
  config: Config,
  session: Session,
  unready: ReadonlySet<string>,
): Promise<MemberPlan> {
  const missing = await missingOnVeneer(config, session);
  const servers = await serversPlan(config, session, unready);
  return {
    ...missing,
    statements: [
      ...servers.statements.filter(({ sql }) => !missing.forSuperuser.includes(sql)),
      ...(await schemasPlan(config, session)).map(plain),
      ...(await tenantRows(config, session)).map(plain),
      ...(await tenantsGrants(config, session)).map(plain),
    ],
    refreshed: servers.refreshed,
  };
}

interface Rights extends Record<string, unknown> {
  readonly installed: boolean;
  readonly available: boolean;
  readonly superuser: boolean;
  readonly usage: boolean;
  readonly can_create: boolean;
}

/** What only somebody else can make, or give this user, as SQL for them. */
export type Missing = Pick<MemberPlan, 'forSuperuser' | 'rights'>;

/** Nothing is tried that is known to fail. */
export async function missingOnVeneer(config: Config, session: Session): Promise<Missing> {
  const { user, database } = session.server;
  const [rights] = await session.query<Rights>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgres_fdw') AS installed,
            EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw') AS available,
            coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS superuser,
            coalesce((SELECT has_foreign_data_wrapper_privilege(oid, 'USAGE')
                        FROM pg_foreign_data_wrapper WHERE fdwname = 'postgres_fdw'), false) AS usage,
            has_database_privilege(current_database(), 'CREATE') AS can_create`,
  );
  const roles = await missingRoles(config, session);
  if (rights === undefined || rights.superuser) return { forSuperuser: roles, rights: [] };
  if (!rights.installed && !rights.available) throw notAvailable(session.member);
  return {
    forSuperuser: [...(rights.installed ? [] : [CREATE_EXTENSION]), ...roles],
    rights: [
      ...(rights.usage ? [] : [`GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${ident(user)}`]),
      ...(rights.can_create ? [] : [`GRANT CREATE ON DATABASE ${ident(database)} TO ${ident(user)}`]),
    ],
  };
}

/** What makes postgres_fdw. */
export const CREATE_EXTENSION = 'CREATE EXTENSION postgres_fdw';

/** PostgreSQL's contrib package is not there. */
export const notAvailable = (member: string): VeneerError =>
  new VeneerError('postgres_fdw is not installed on the server', {
    exitCode: EXIT.failed,
    where: { member },
    hint: "install PostgreSQL's contrib package there (Debian: it comes with postgresql; RPM: postgresql-contrib)",
  });

async function missingRoles(config: Config, session: Session): Promise<string[]> {
  const wanted = config.roles.map((role) => role.name);
  const present = await readRoles(session, wanted);
  return wanted.filter((role) => !present.has(role)).map((role) => createRole(role));
}

/** A password is never invented or printed: whoever runs this sets one. */
export const createRole = (role: string): string =>
  `CREATE ROLE ${ident(role)} LOGIN PASSWORD ${literal('…')}`;

export async function serversPlan(
  config: Config,
  session: Session,
  unready: ReadonlySet<string>,
): Promise<Pick<MemberPlan, 'statements' | 'refreshed'>> {
  const shards = shardsShownOn(config, session.member);
  const names = shards.map((shard) => shard.server.name);
  const extension = await extensionStatements(session);
  const servers = new Map((await readServers(session, names)).map((server) => [server.name, server]));
  const mappings = await readMappings(session, names);
  const statements: MaskedStatement[] = [...extension];
  let refreshed = 0;
  for (const shard of shards) {
    const present = servers.get(shard.server.name);
    if (present !== undefined && present.wrapper !== 'postgres_fdw')
      throw foreignWrapper(session.member, present);
    statements.push(...serverStatements(shard, present));
    for (const wanted of shard.userMappings) {
      const mapping = mappings.find((m) => m.server === shard.server.name && m.role === wanted.role);
      if (mapping !== undefined && unready.has(shard.name)) continue;
      if (mapping?.options === null) refreshed++;
      statements.push(...mappingStatements(shard.server.name, wanted, mapping));
    }
  }
  return { statements, refreshed };
}

async function extensionStatements(session: Session): Promise<MaskedStatement[]> {
  const [row] = await session.query<{ installed: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgres_fdw') AS installed`,
  );
  return row?.installed === true ? [] : [plain(CREATE_EXTENSION)];
}

const foreignWrapper = (
  member: string,
  server: { readonly name: string; readonly wrapper: string },
): VeneerError =>
  new VeneerError(`server ${server.name} exists on the veneer, but of wrapper ${server.wrapper}`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'give the shard another server name in shards.yaml (server: { name: … })',
  });

/** Schemas for the tenants, and what the roles may do in them. */
export async function schemasPlan(config: Config, session: Session): Promise<string[]> {
  const schemas = schemasShownOn(config, session.member);
  const present = await readSchemas(session, schemas);
  return [
    ...schemas.filter((schema) => !present.has(schema)).map((schema) => `CREATE SCHEMA ${ident(schema)}`),
    ...(await missingGrants(session, wantedOnVeneer(config, session.member), { sequences: false })),
  ];
}

/** What roles may do there. In a schema that the rules name as it is, others may have tables, which are none of the fleet's. */
export function wantedOnVeneer(config: Config, veneer: string): WantedPrivileges[] {
  const servers = shardsShownOn(config, veneer).map(({ server }) => server.name);
  const named = new Set(config.expose.map(({ as }) => as.slice(0, as.indexOf('.'))));
  return config.roles
    .filter((role) => role.grant.length > 0)
    .flatMap((role) =>
      schemasShownOn(config, veneer).map((schema) => ({
        schema,
        role: role.name,
        privileges: role.grant,
        ...(named.has(schema) ? { servers, views: unionsIn(config, schema) } : {}),
      })),
    );
}

/** The names of views over all tenants in a schema, as regular expressions. */
const unionsIn = ({ expose }: Config, schema: string): string[] =>
  expose.flatMap(({ union }) => {
    const dot = union?.indexOf('.') ?? -1;
    return union === null || union.slice(0, dot) !== schema ? [] : [`^${patternOf(union.slice(dot + 1))}$`];
  });

/** A word stands for any text. */
const patternOf = (name: string): string =>
  name
    .split(/\{\w+\}/)
    .map(escaped)
    .join('.+');

/** The schemas in which a veneer shows relations, as far as the rules say. */
export const schemasShownOn = (config: Config, veneer: string): string[] => [
  ...new Set(shardsShownOn(config, veneer).flatMap((shard) => exposedSchemas(exposureOf(config, shard)))),
];

/** GRANT statements for what is wanted and not there. */
export async function missingGrants(
  session: Session,
  wanted: readonly WantedPrivileges[],
  options: { readonly sequences: boolean },
): Promise<string[]> {
  const present = await readPrivileges(session, wanted);
  const byKey = new Map(present.map((row) => [`${row.role} ${row.schema}`, row]));
  return wanted.flatMap((want) => grantStatements(want, byKey.get(`${want.role} ${want.schema}`), options));
}

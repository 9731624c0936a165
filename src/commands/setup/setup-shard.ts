import { readRoles, readSchemas, type WantedPrivileges } from '../../catalog/read-privileges.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposureOf, sourceSchemas } from '../../veneer/exposure/exposure.js';
import { plain } from '../../veneer/servers.js';
import { EMPTY, type MemberPlan } from './setup-plan.js';
import { createRole, missingGrants, type Missing } from './setup-veneer.js';

/** Reads a shard and decides what setup has to do there. Changes nothing. */
export async function planShard(config: Config, shard: ShardConfig, session: Session): Promise<MemberPlan> {
  const missing = await missingOnShard(shard, session);
  return { ...EMPTY, ...missing, statements: (await schemaStatements(config, shard, session)).map(plain) };
}

/** Schemas that the shard's tenants lack there, and what the fleet's roles may do in them. */
export async function schemaStatements(
  config: Config,
  shard: ShardConfig,
  session: Session,
): Promise<string[]> {
  const schemas = sourceSchemas(exposureOf(config, shard));
  const present = await readSchemas(session, schemas);
  return [
    ...schemas.filter((schema) => !present.has(schema)).map((schema) => `CREATE SCHEMA ${ident(schema)}`),
    ...(await missingGrants(session, wantedOnShard(config, shard), { sequences: true })),
  ];
}

async function missingOnShard({ userMappings }: ShardConfig, session: Session): Promise<Missing> {
  const { user, database } = session.server;
  const users = [...new Set(userMappings.map((mapping) => mapping.user))];
  const present = await readRoles(session, users);
  const [rights] = await session.query<{ can_create: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS can_create`,
  );
  const create = `GRANT CREATE ON DATABASE ${ident(database)} TO ${ident(user)}`;
  return {
    forSuperuser: users.filter((name) => !present.has(name)).map((name) => createRole(name)),
    rights: rights?.can_create === true ? [] : [create],
  };
}

/** What a role may do on the veneer, its user may do on the shard. */
export function wantedOnShard(config: Config, shard: ShardConfig): WantedPrivileges[] {
  const schemas = sourceSchemas(exposureOf(config, shard));
  const grants = new Map(config.roles.map((role) => [role.name, role.grant]));
  return shard.userMappings.flatMap(({ role, user }) => {
    const privileges = grants.get(role) ?? [];
    return privileges.length === 0 ? [] : schemas.map((schema) => ({ schema, role: user, privileges }));
  });
}

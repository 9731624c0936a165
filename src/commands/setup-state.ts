import type { Config } from '../config/config.js';
import { literal } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { hasTable } from '../protocol/journal.js';
import { STATE_VERSION } from '../protocol/state-schema.js';
import { exposedSchemas } from '../veneer/exposure.js';

/** The statements for schema pgveneer; none where it is there in this version already. */
export async function stateStatements(
  session: Session,
  statements: readonly string[],
): Promise<readonly string[]> {
  const [row] = await session.query<{ comment: string | null }>(
    `SELECT obj_description(to_regnamespace('pgveneer'), 'pg_namespace') AS comment`,
  );
  const complete =
    row?.comment?.endsWith(`format ${STATE_VERSION}`) === true && (await hasTable(session, 'step'));
  return complete ? [] : statements;
}

/** Rows of pgveneer.tenant, so that a dashboard or routing code can ask the veneer which tenants there are. */
export async function tenantRows(config: Config, session: Session): Promise<string[]> {
  const wanted = config.shards.flatMap((shard) =>
    shard.tenants.map((tenant) => [
      tenant.name,
      shard.name,
      shard.server.name,
      exposedSchemas(config.expose, tenant)[0] ?? '',
      'live',
    ]),
  );
  if (await sameRows(session, wanted)) return [];
  const values = wanted.map((row) => `(${row.map((value) => literal(value)).join(', ')})`);
  return [
    'DELETE FROM pgveneer.tenant',
    `INSERT INTO pgveneer.tenant (tenant, shard, server, schema, state) VALUES ${values.join(', ')}`,
  ];
}

async function sameRows(session: Session, wanted: readonly (readonly string[])[]): Promise<boolean> {
  if (!(await hasTable(session, 'tenant'))) return false;
  const rows = await session.query<{
    tenant: string;
    shard: string;
    server: string;
    schema: string;
    state: string;
  }>('SELECT tenant, shard, server, schema, state FROM pgveneer.tenant');
  const present = new Set(
    rows.map((row) => JSON.stringify([row.tenant, row.shard, row.server, row.schema, row.state])),
  );
  return present.size === wanted.length && wanted.every((row) => present.has(JSON.stringify(row)));
}

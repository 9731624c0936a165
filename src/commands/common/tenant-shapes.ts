import { readShownShapes } from '../../catalog/relations/read-shown-shapes.js';
import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import type { Session } from '../../postgres/session.js';
import { inReadOnly } from '../../postgres/transaction.js';
import { ignoredTables, shapesBySchema } from './shaped-tenants.js';

/**
 * The shapes of the tenants of these shards, equal for those for which the same migrations do the same: of their schemas,
 * and of what each veneer shows of these. Bodies of views and functions are not compared. Waits for whoever holds a
 * lock on a definition, for rollout.lock_wait.
 */
export async function readTenantShapes(
  config: Config,
  shards: readonly ShardConfig[],
  sessionOf: (member: string) => Session,
): Promise<(tenant: TenantConfig) => string> {
  const onShards = await Promise.all(shards.map((shard) => shapesOn(config, shard, sessionOf(shard.name))));
  const onVeneers = await Promise.all(
    config.veneers.map(({ name }) => shownOn(config, name, sessionOf(name))),
  );
  const maps = [...onShards, ...onVeneers].map((shapes) => new Map(shapes));
  return ({ name }) => JSON.stringify(maps.map((shapes) => shapes.get(name) ?? ''));
}

/** By the tenant's name, which is unique in the fleet. */
type TenantShape = readonly [tenant: string, shape: string];

async function shapesOn(config: Config, { tenants }: ShardConfig, session: Session): Promise<TenantShape[]> {
  const shapes = await patiently(config, session, () => shapesBySchema(session, tenants, ignoredTables()));
  return tenants.map(({ name, schema }) => [name, shapes.get(schema) ?? '']);
}

async function shownOn(config: Config, veneer: string, session: Session): Promise<TenantShape[]> {
  const shards = shardsShownOn(config, veneer);
  const servers = shards.map(({ server }) => server.name);
  const shown = await patiently(config, session, () => readShownShapes(session, servers));
  return shards.flatMap(({ tenants, server }) =>
    tenants.map(({ name, schema }): TenantShape => {
      const own = shown.find((one) => one.server === server.name && one.schema === schema);
      return [name, own?.shape ?? ''];
    }),
  );
}

/** Definitions are deparsed, which waits for whoever holds their relation. */
export const patiently = <T>({ rollout }: Config, session: Session, read: () => Promise<T>): Promise<T> =>
  inReadOnly(session, async () => {
    await session.run(`SET LOCAL lock_timeout = ${rollout.lockWaitMs}`);
    return read();
  });

import { readForeignTables } from '../catalog/read-foreign-tables.js';
import { remoteOf, type ForeignTable } from '../catalog/relation.js';
import type { TenantConfig } from '../config/config.js';
import type { Session } from '../postgres/session.js';
import { xidOf } from './add-tenants.js';
import type { Budget } from './budget.js';
import { dropSchema } from './drop-schema.js';
import type { GroupShard, GroupVeneer } from './group.js';
import type { Lane } from './lane.js';
import type { ShardDone } from './shard-done.js';
import { begin, comeClean, readChanges } from './shard-work.js';
import { beginOnVeneer, lockTables } from './veneer-work.js';

/** Locks what a veneer shows of tenants that go, so that its readers wait before their tables are gone. */
export async function lockShown(
  lane: Lane,
  { session, shows }: GroupVeneer,
  tenants: readonly TenantConfig[],
  budget: Budget,
): Promise<void> {
  if (shows.length === 0) return;
  const tables = await shownOf(lane, session, tenants);
  if (tables.length === 0) return;
  await beginOnVeneer(lane, session, budget);
  await lockTables(lane, session, tables, budget);
}

async function shownOf(
  lane: Lane,
  veneer: Session,
  tenants: readonly TenantConfig[],
): Promise<ForeignTable[]> {
  const schemas = new Set(tenants.map(({ schema }) => schema));
  const tables = await readForeignTables(veneer, [lane.shard.server.name]);
  return tables.filter((table) => schemas.has(remoteOf(table).schema));
}

/** Drops tenants on their shard, in a transaction that stays open: their ledger rows, and all that their schemas hold. */
export async function dropOnShard(
  shard: GroupShard,
  veneers: readonly string[],
  { step, tenants }: { readonly step: string; readonly tenants: readonly TenantConfig[] },
  budget: Budget,
): Promise<ShardDone> {
  const { part, session } = shard;
  const { lane } = part;
  await begin(lane, session, budget);
  await session.query(`DELETE FROM pgveneer.ledger WHERE scope = 'tenant' AND tenant = ANY ($1::text[])`, [
    tenants.map(({ name }) => name),
  ]);
  await lane.run.at(`before statements:${shard.name}`);
  for (const tenant of tenants) await dropSchema(session, tenant, budget);
  await comeClean(session, { budget, step });
  await lane.run.at(`after statements:${shard.name}`);
  const changes = await readChanges(lane, session, 'may go');
  // Also what a veneer shows of tables that somebody dropped on the shard before.
  const shown = await Promise.all(
    veneers
      .filter((name) => name !== shard.name)
      .map(async (name) => shownOf(lane, await lane.session(name), tenants)),
  );
  const remote = [...changes.remote, ...shown.flat().map(remoteOf)];
  // Whoever reads these tables through a veneer waits there, and finds none afterwards: nothing can be read wrongly.
  return { shard, xid: await xidOf(session), changes: { ...changes, remote }, fence: false, fenced: false };
}

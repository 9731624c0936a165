import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import { remoteOf, type ForeignTableHead } from '../../catalog/relations/relation.js';
import type { TenantConfig } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import { markStatement } from './database-mark.js';
import { dropSchema } from './drop-schema.js';
import type { GroupShard, GroupVeneer } from '../group/group.js';
import { hasTable } from '../../postgres/state-tables.js';
import type { Lane } from '../lane/lane.js';
import type { ShardDone } from '../group/shard-done.js';
import { beginClean } from '../shard/clean.js';
import { readChanges, readTouched } from '../shard/shard-changes.js';
import { comeClean } from '../shard/shard-work.js';
import { STATE_STATEMENTS } from '../run/state-schema.js';
import type { TenantPart } from './tenant-job.js';
import { lockTables } from '../align/lock-tables.js';
import { beginOnVeneer } from '../align/veneer-work.js';

/** Locks what a veneer shows of tenants that go, so that its readers wait before their tables are gone. */
export async function lockShown(
  { lane, tenants }: TenantPart,
  { session, shows }: GroupVeneer,
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
): Promise<ForeignTableHead[]> {
  const schemas = new Set(tenants.map(({ schema }) => schema));
  const tables = await readForeignTableHeads(veneer, [lane.shard.server.name]);
  // Of a tenant's own database all is the tenant's.
  if (lane.shard.database !== null) return tables;
  return tables.filter((table) => schemas.has(remoteOf(table).schema));
}

/** What is dropped of tenants. */
export interface LeavingTenants {
  readonly tenants: readonly TenantConfig[];
  /** Of the fleet. */
  readonly veneers: readonly string[];
}

/** Drops tenants on their shard, in a transaction that stays open: their ledger rows, and all that their schemas hold. */
export const dropOnShard = (shard: GroupShard, work: LeavingTenants, budget: Budget): Promise<ShardDone> =>
  leaveShard(shard, work, budget, async (session) => {
    await session.query(`DELETE FROM pgveneer.ledger WHERE scope = 'tenant' AND tenant = ANY ($1::text[])`, [
      work.tenants.map(({ name }) => name),
    ]);
    await shard.part.lane.run.at(`before statements:${shard.name}`);
    for (const tenant of work.tenants) await dropSchema(session, tenant, budget);
  });

/**
 * The same for a tenant's own database, which is dropped once this has committed: its ledger goes, and the mark comes that
 * says so. What it holds stays until then, so that nobody's lock on a table is in the way, and a copy can still be made.
 */
export const markDropped = (shard: GroupShard, work: LeavingTenants, budget: Budget): Promise<ShardDone> =>
  leaveShard(shard, work, budget, async (session) => {
    const { run } = shard.part.lane;
    // Evidence is left there also where nobody ever set it up.
    if (!(await hasTable(session, 'step'))) await session.run(STATE_STATEMENTS.join(';\n'));
    await session.query('DELETE FROM pgveneer.ledger');
    const mark = { kind: 'dropped', run: run.id, fleet: run.config.fleet } as const;
    await session.run(markStatement(session.server, mark));
  });

async function leaveShard(
  shard: GroupShard,
  { tenants, veneers }: LeavingTenants,
  budget: Budget,
  drop: (session: Session) => Promise<void>,
): Promise<ShardDone> {
  const { part, session } = shard;
  const { lane } = part;
  await beginClean(lane.run, session, budget);
  await drop(session);
  await comeClean(session, budget);
  await lane.run.at(`after statements:${shard.name}`);
  const touched = await readTouched(lane, session, 'may go');
  const changes = await readChanges(lane, session, touched);
  // Also what a veneer shows of tables that somebody dropped on the shard before.
  const shown = await Promise.all(
    veneers
      .filter((name) => name !== shard.name)
      .map(async (name) => shownOf(lane, await lane.session(name), tenants)),
  );
  // Whoever reads these tables through a veneer waits there, and finds none afterwards: nothing can be read wrongly.
  return {
    shard,
    xid: touched.xid,
    changes: { ...changes, shown: [...changes.shown, ...shown.flat()] },
    fence: false,
    fenced: false,
  };
}

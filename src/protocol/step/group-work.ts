import { labelOf } from '../../migrations/migration.js';
import { alignVeneers } from '../align/align-veneers.js';
import { allDone } from '../../postgres/all-done.js';
import type { Budget } from '../lane/budget.js';
import { gather, type Aligned, type GroupWork } from '../group/gather.js';
import type { Group, GroupShard } from '../group/group.js';
import { needsFence, refuseInMesh } from '../shard/rewrites.js';
import type { ShardDone } from '../group/shard-done.js';
import { refuseOtherTransaction } from '../shard/same-transaction.js';
import { readChanges } from '../shard/shard-changes.js';
import { beginOnShard, type Begun } from '../shard/shard-work.js';
import type { HeldTurns } from '../run/turns.js';
import { veneerStatements } from '../align/veneer-statements.js';
import { isShardOf, knownOf, lockVeneers } from './lock-veneers.js';

/**
 * The work of an attempt: the migration on all shards side by side, then each veneer, in the order of their names,
 * for all of them in one transaction. What is known to be affected, from an earlier attempt or another shard, is
 * locked on the veneers before the shards are touched: that is the order in which the application takes its locks.
 */
export async function workOnGroup(
  group: Group,
  step: string,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupWork> {
  const { done, aligned, writes } = await changeGroup(group, step, budget, turns);
  review(group, aligned);
  return { ...(await gather(done, aligned)), writes };
}

/** The last look at what will be committed on the veneers: see review.ts. */
function review({ shards }: Group, aligned: readonly Aligned[]): void {
  const parts = shards.map(({ part }) => part);
  const [first] = parts;
  if (first === undefined) return;
  const tenants = parts.flatMap(({ planned }) => planned.tenants);
  first.lane.run.review?.(veneerStatements(labelOf(first.planned.migration), aligned), tenants);
}

/** What was changed on a group's shards and veneers, in transactions that are all still open. */
export interface GroupChanges extends Pick<GroupWork, 'writes'> {
  readonly done: readonly ShardDone[];
  readonly aligned: readonly Aligned[];
}

/** The same, for whoever does not commit it. */
export async function changeGroup(
  group: Group,
  step: string,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupChanges> {
  const known = knownOf(group);
  const failed = new AbortController();
  const locking = lockVeneers(group, { known, isInVain: () => failed.signal.aborted }, budget, turns);
  // A member in both roles has one transaction, which one of the two has to begin.
  if (group.veneers.some((veneer) => isShardOf(group, veneer))) await locking;
  const [foreseen, done] = await allDone([
    locking,
    allDone(
      group.shards.map(async (shard) => {
        const fenced = known.get(shard.name)?.fence === true;
        try {
          return await workOnShard(shard, step, budget, { fenced, locked: locking });
        } catch (error) {
          failed.abort();
          throw error;
        }
      }),
    ),
  ]);
  return { done, ...(await alignVeneers(group, done, budget, turns, foreseen)) };
}

/**
 * Begins on a shard while the veneers' tables are being locked, and goes on when they are: the application locks tables of a veneer
 * before those of a shard, and rows of the ledger nowhere.
 */
async function workOnShard(
  shard: GroupShard,
  step: string,
  budget: Budget,
  { fenced, locked }: { readonly fenced: boolean; readonly locked: Promise<unknown> },
): Promise<ShardDone> {
  const { part, session } = shard;
  const onTenant = (count: number): void => part.onPhase('running', count);
  const work = { step, planned: part.planned, budget, onTenant };
  const begun = await beginOnShard(part.lane, session, work, locked);
  return readDone(shard, begun, fenced);
}

/** What a migration, which has run in the shard's open transaction, did there. Throws where that is refused. */
export async function readDone(
  shard: GroupShard,
  { xid, touched }: Begun,
  fenced: boolean,
): Promise<ShardDone> {
  const { lane } = shard.part;
  refuseOtherTransaction(shard.name, xid, touched.xid);
  const changes = await readChanges(lane, shard.session, touched);
  refuseInMesh(lane, changes);
  return { shard, xid, changes, fence: needsFence(lane, changes), fenced };
}

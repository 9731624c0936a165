import { qualified } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { runNamed } from '../lane/name-cancelled.js';
import type { TypeWork } from './type-work.js';
import { lockTables } from './lock-tables.js';

/**
 * Locks whatever shows a type that is about to change, through domains, arrays, composites and ranges, too (PROTOCOL
 * section 4, number 5). Shown: without it RENAME VALUE and ADD VALUE reach readers between the two commits, since
 * ALTER TYPE takes no lock that a reader waits for. A partitioned parent takes its partitions along.
 */
export async function closeGate(
  lane: Lane,
  veneer: Session,
  { gates, parents }: TypeWork,
  budget: Budget,
): Promise<void> {
  await lockTables(lane, veneer, gates, budget);
  if (parents.length === 0) return;
  const locks = parents.map((parent) => `LOCK TABLE ${qualified(parent)} IN ACCESS EXCLUSIVE MODE`);
  await runNamed(veneer, budget.limits(veneer), locks);
}

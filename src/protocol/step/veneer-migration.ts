import type { VeneerConfig } from '../../config/config.js';
import { ledgerStatement, writeLedger } from '../../migrations/ledger/ledger-writes.js';
import type { VeneerStep } from '../../migrations/plan/plan.js';
import { allDone } from '../../postgres/all-done.js';
import { currentXid } from '../../postgres/current-xid.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Crew } from '../lane/lane.js';
import { beginClean, COME_CLEAN } from '../shard/clean.js';
import { runFor } from '../shard/run-tenant.js';
import { refuseOtherTransaction } from '../shard/same-transaction.js';
import { veneerSubject } from '../shard/subject.js';
import { verifyFor } from '../shard/verify.js';

/** A migration's work on one veneer. */
export interface VeneerWork {
  readonly step: string;
  readonly planned: VeneerStep;
  readonly veneer: VeneerConfig;
  readonly budget: Budget;
}

/** What ran there, in a transaction that is still open. */
export interface VeneerWorkDone {
  readonly xid: string;
  /** Everything that was run, the ledger's row included: what recovery replays where a veneer lost it (lock-step). */
  readonly statements: readonly string[];
}

/** Begins, records and runs a migration on a veneer, and leaves the transaction open. */
export async function workOnVeneer(
  crew: Crew,
  session: Session,
  { step, planned, veneer, budget }: VeneerWork,
): Promise<VeneerWorkDone> {
  const { run } = crew;
  const { migration, direction } = planned;
  await beginClean(run, session, budget);
  const write = { step, migration, tenants: [], appliedBy: run.who };
  const xid = await writeLedger(session, direction, write);
  await run.at(`before statements:${veneer.name}`);
  const statements = await runFor(session, migration, veneerSubject(veneer), budget);
  if (direction === 'up') await verifyFor(session, migration, veneerSubject(veneer));
  const clean = session.precede([...budget.limits(session), ...COME_CLEAN].join('; '));
  const [, now] = await allDone([clean, currentXid(session)]);
  refuseOtherTransaction(veneer.name, xid, now);
  await run.at(`after statements:${veneer.name}`);
  return { xid, statements: [ledgerStatement(direction, write), ...statements, COME_CLEAN.join('; ')] };
}

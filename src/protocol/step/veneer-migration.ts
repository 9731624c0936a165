import type { VeneerConfig } from '../../config/config.js';
import { ledgerStatement, writeLedger } from '../../migrations/ledger-writes.js';
import type { VeneerStep } from '../../migrations/plan.js';
import { PIN_AGAIN } from '../../postgres/hygiene.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Crew } from '../lane/lane.js';
import { runFor } from '../shard/run-tenant.js';
import { veneerSubject } from '../shard/subject.js';
import { verifyFor } from '../shard/verify.js';

export interface VeneerWork {
  readonly step: string;
  readonly planned: VeneerStep;
  readonly veneer: VeneerConfig;
  readonly budget: Budget;
}

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
  await begin(crew, session, budget);
  const write = { step, migration, tenants: [], appliedBy: run.who };
  const xid = await writeLedger(session, direction, write);
  await run.at(`before statements:${veneer.name}`);
  const statements = await runFor(session, migration, veneerSubject(veneer), budget);
  if (direction === 'up') await verifyFor(session, migration, veneerSubject(veneer));
  await session.run(`${budget.limits(session)}; ${CLEAN}`);
  await run.at(`after statements:${veneer.name}`);
  return { xid, statements: [ledgerStatement(direction, write), ...statements, CLEAN] };
}

/** Where it was begun before, it is this attempt's, as on a shard: see shard-work.ts. */
async function begin({ run }: Crew, session: Session, budget: Budget): Promise<void> {
  const limits = budget.limits(session);
  if (session.status() !== 'I') return session.freshen(limits);
  await run.at(`before begin:${session.member}`);
  await session.freshen(`BEGIN; ${limits}`);
  await run.at(`after begin:${session.member}`);
}

/** Undoes what a migration may have set for itself: see comeClean in shard-work.ts. */
const CLEAN = `SET CONSTRAINTS ALL IMMEDIATE; RESET SESSION AUTHORIZATION; RESET ROLE; ${PIN_AGAIN}`;

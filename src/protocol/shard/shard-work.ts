import {
  durationText,
  ledgerText,
  readWritten,
  type LedgerWrite,
} from '../../migrations/ledger/ledger-writes.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { beginClean, COME_CLEAN } from './clean.js';
import { runSubjects } from './run-subjects.js';
import { readTouched, type Touched } from './shard-changes.js';
import { subjectsOf } from './subject.js';

/** A step's work on one shard. */
export interface ShardWork {
  readonly step: string;
  readonly planned: PlannedStep;
  readonly budget: Budget;
  readonly onTenant: (done: number) => void;
}

/** A migration that ran in a transaction which is still open. */
export interface Begun {
  /** The transaction's id when it began. */
  readonly xid: string;
  readonly touched: Touched;
}

/**
 * Begins, records and, once it is `ready` to, runs a migration for its tenants or the shard itself; leaves the transaction
 * open.
 */
export async function beginOnShard(
  lane: Lane,
  session: Session,
  work: ShardWork,
  ready: Promise<unknown>,
): Promise<Begun> {
  const { direction } = work.planned;
  const write = ledgerWrite(lane, work);
  const written = await beginClean(lane.run, session, work.budget, ledgerText(direction, write));
  const xid = readWritten(session, direction, write, written);
  await ready;
  const touched = await runRecorded(lane, session, work, () => readTouched(lane, session));
  await lane.run.at(`after statements:${lane.shard.name}`);
  return { xid, touched };
}

/** The same in a transaction that is open already. */
export async function runOnShard(lane: Lane, session: Session, work: ShardWork): Promise<void> {
  const { direction } = work.planned;
  const write = ledgerWrite(lane, work);
  const text = session.precede(ledgerText(direction, write));
  // The statements need not wait for that: where the rows are another runner's, all of it is rolled back, and this is what is told.
  const recorded = text.then(([written]) => readWritten(session, direction, write, written));
  // What is built runs code of the migration's.
  if (work.planned.migration.body.kind === 'dynamic') await recorded;
  await allDone([recorded, runRecorded(lane, session, work, async () => undefined)]);
}

/** The rows of the ledger that a step writes or removes on a shard. */
export const ledgerWrite = (
  { run }: Pick<Lane, 'run'>,
  { step, planned: { migration, tenants } }: Pick<ShardWork, 'step' | 'planned'>,
): LedgerWrite => ({
  step,
  migration,
  tenants,
  appliedBy: run.who,
});

/** Answers what `read` finds when all of it has run. */
async function runRecorded<T>(
  { run, shard }: Lane,
  session: Session,
  work: ShardWork,
  read: () => Promise<T>,
): Promise<T> {
  const { migration, direction } = work.planned;
  return runSubjects(session, {
    migration,
    verified: direction === 'up',
    subjects: subjectsOf(work.planned, shard),
    budget: work.budget,
    at: run.at,
    onDone: work.onTenant,
    end: {
      statements: () => [...cleaning(session, work.budget), durationText(ledgerWrite({ run }, work))],
      read,
    },
  });
}

/** Undoes what a migration may have set for itself. */
export async function comeClean(session: Session, budget: Budget): Promise<void> {
  await session.run(cleaning(session, budget).join('; '));
}

/** As statements for the end of a text. */
export function cleaning(session: Session, budget: Budget): readonly string[] {
  const { lock_timeout, statement_timeout } = budget.shrinking(session);
  return [
    `SELECT pg_catalog.set_config('lock_timeout', ${lock_timeout}, true), pg_catalog.set_config('statement_timeout', ${statement_timeout}, true)`,
    ...COME_CLEAN,
  ];
}

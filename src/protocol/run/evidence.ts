import { allDone } from '../../postgres/all-done.js';
import type { Row, Session } from '../../postgres/session.js';
import { HAS_TEMPORARY_SCHEMA, noteTemporarySchema } from '../../postgres/temporary-schema.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { rowsIfThere } from '../../postgres/state-tables.js';
import { endTransaction } from '../../postgres/transaction.js';
import { parseGid, type AttemptId, type Gid } from './gid.js';

const LEAVE = `
  INSERT INTO pgveneer.step (fleet, step, nonce, participant, n) VALUES ($1, $2, $3, $4, $5)
  RETURNING ${HAS_TEMPORARY_SCHEMA} AS temporary`;

interface Left extends Row {
  readonly temporary: boolean;
}

const valuesOf = ({ fleet, step, nonce, participant, n }: Gid): unknown[] => [
  fleet,
  step,
  nonce,
  participant,
  n,
];

/** Leaves the evidence in the transaction, which has to be open: this row, and nothing else, says later that it committed. */
export async function leaveEvidence(session: Session, gid: Gid): Promise<void> {
  // Not prepared: behind statements of a migration, by which the session may have forgotten what was.
  const [row] = await session.query<Left>(LEAVE, valuesOf(gid));
  noteTemporarySchema(session, row?.temporary);
}

/**
 * Leaves the evidence and ends the transaction by `sql`, in one round trip: where the row cannot be written an open transaction
 * is broken by the time that the server comes to `sql`, which it answers by ROLLBACK. Throws what stood in the way of the row.
 */
export async function endWithEvidence(session: Session, gid: Gid, sql: string): Promise<void> {
  const [[row]] = await allDone([session.prepared<Left>(LEAVE, valuesOf(gid)), endTransaction(session, sql)]);
  noteTemporarySchema(session, row?.temporary);
}

/** Removes evidence that can decide nothing any more. */
export async function removeEvidence(session: Session, attempts: readonly AttemptId[]): Promise<void> {
  if (attempts.length === 0) return;
  await unlessAbsent(
    session.query(
      `DELETE FROM pgveneer.step WHERE (fleet, step, nonce) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))`,
      [attempts.map((a) => a.fleet), attempts.map((a) => a.step), attempts.map((a) => a.nonce)],
    ),
  );
}

/**
 * Under which number the evidence of what was replayed for a participant stands (lock-step): it says that what others had
 * committed was done there, and not that the participant's own transaction committed.
 */
export const followedIndex = (participant: number, n: number): number => n + participant;

/** What a participant's evidence says; null: there is none. */
export async function evidenceOf(
  session: Session,
  { fleet, step, nonce }: AttemptId,
  participant: number,
  n: number,
): Promise<'committed' | 'followed' | null> {
  const rows = await unlessAbsent<{ participant: number }>(
    session.query(
      'SELECT participant FROM pgveneer.step WHERE fleet = $1 AND step = $2 AND nonce = $3 AND participant IN ($4, $5)',
      [fleet, step, nonce, participant, followedIndex(participant, n)],
    ),
  );
  if (rows.some((row) => row.participant === participant)) return 'committed';
  return rows.length > 0 ? 'followed' : null;
}

/**
 * No rows where the table is not there: a tenant's database gets it in the very step that makes the tenant, so that without
 * the table nothing of that step is committed. One statement as ever, and so one snapshot.
 */
async function unlessAbsent<R = Row>(rows: Promise<R[]>): Promise<R[]> {
  try {
    return await rows;
  } catch (error) {
    if (isState(error, SQLSTATE.undefinedTable)) return [];
    throw error;
  }
}

/** The evidence rows of a fleet in this database; none where it was never set up. */
export async function readEvidence(session: Session, fleet: string): Promise<Gid[]> {
  const rows = await rowsIfThere(session, 'step', () =>
    session.prepared<Gid & Row>(
      'SELECT fleet, step, nonce, participant, n FROM pgveneer.step WHERE fleet = $1',
      [fleet],
    ),
  );
  return rows ?? [];
}

/** A prepared transaction of this fleet, in this database. */
export interface PreparedTransaction {
  readonly gid: string;
  readonly parsed: Gid;
  readonly owner: string;
  /** Seconds since it was prepared. */
  readonly age: number;
}

/** pg_prepared_xacts lists the whole server: only the own database's can be settled from here. */
export async function readPrepared(session: Session, fleet: string): Promise<PreparedTransaction[]> {
  const rows = await session.prepared<{ gid: string; owner: string; age: number }>(
    `SELECT gid, owner::text, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age
       FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`,
  );
  return rows.flatMap((row) => {
    const parsed = parseGid(row.gid);
    return parsed?.fleet === fleet ? [{ ...row, parsed }] : [];
  });
}

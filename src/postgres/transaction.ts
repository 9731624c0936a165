import { EXIT, VeneerError } from '../errors.js';
import type { Session } from './session.js';

/**
 * Ends a transaction block and checks the command tag: COMMIT and PREPARE TRANSACTION in a failed transaction
 * raise nothing, they answer ROLLBACK (https://www.postgresql.org/docs/current/sql-commit.html).
 */
export async function endTransaction(session: Session, sql: string): Promise<void> {
  const expected = sql.split(' ', 1)[0];
  const tags = await session.run(sql);
  if (tags.at(-1) !== expected) {
    throw new VeneerError(
      `${sql.split(' ', 2).join(' ')} was answered by ${tags.at(-1)}: nothing was committed`,
      {
        exitCode: EXIT.failed,
        where: { member: session.member },
      },
    );
  }
}

/** Rolls back whatever is open; a session that is lost has been rolled back, or will be, by its server. */
export async function rollbackQuietly(session: Session): Promise<void> {
  if (session.isLost() || session.isIdle()) return;
  await session.run('ROLLBACK').catch(() => undefined);
}

/** One transaction around `work`; rolled back when it throws, and the error is the work's own. */
export async function inTransaction<T>(
  session: Session,
  work: () => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  await session.run(begin);
  try {
    const result = await work();
    await endTransaction(session, 'COMMIT');
    return result;
  } catch (error) {
    await rollbackQuietly(session);
    throw error;
  }
}

/** The last of those that read in a session. */
const reading = new WeakMap<Session, Promise<unknown>>();

/**
 * A snapshot for reading that is sure to write nothing; ended by ROLLBACK, so that it leaves no trace. What is asked for while another
 * reads in the session waits until that is over, so it must not be asked for inside of `work`: in a mesh a member is read as shard
 * and as veneer at once, and one would be in the other's transaction, with its end and its failure.
 */
export async function inReadOnly<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const turn = (reading.get(session) ?? Promise.resolve()).then(() => readOnly(session, work));
  const end = (): void => undefined;
  reading.set(session, turn.then(end, end));
  return turn;
}

async function readOnly<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await work();
  } finally {
    await rollbackQuietly(session);
  }
}

import { EXIT, VeneerError } from '../errors.js';
import { atMost } from '../at-most.js';
import { allDone } from './all-done.js';
import type { Session } from './session.js';

/**
 * Ends a transaction block, behind whatever is asked of the session by then, and checks the command tag: COMMIT and PREPARE TRANSACTION in a failed transaction
 * raise nothing, they answer ROLLBACK (https://www.postgresql.org/docs/current/sql-commit.html).
 */
export async function endTransaction(session: Session, sql: string): Promise<void> {
  const expected = sql.split(' ', 1)[0];
  const [answer] = await session.precede(sql);
  if (answer?.command !== expected) {
    throw new VeneerError(
      `${sql.split(' ', 2).join(' ')} was answered by ${answer?.command}: nothing was committed`,
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
  const answered = await atMost(
    ROLLBACK_MS,
    session.run('ROLLBACK').then(
      () => true,
      () => true,
    ),
  );
  // A server that stands still: what it has open it ends by its own timeouts, and the others must not wait for it.
  if (answered !== true) void session.close();
}

/** A rollback removes the files of what was made, and a hundred tenants may have made thousands. Milliseconds. */
const ROLLBACK_MS = 10_000;

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

/** By session what has to be over before another may begin to read in it. */
const reading = new WeakMap<Session, Promise<unknown>>();

/** Sessions for which BEGIN has been sent, and ROLLBACK has not: what is asked now will be inside, whatever has been answered. */
const begun = new WeakMap<Session, Reading>();

/** Where reads are asked for: with time to look at answers, or without. */
export type Reading = 'a snapshot' | 'one go';

/** Is what is asked now inside of a transaction that reads? The server's last answer need not know of it yet. */
export const readingIn = (session: Session): Reading | null => begun.get(session) ?? null;

/**
 * A snapshot for reading that is sure to write nothing; ended by ROLLBACK, so that it leaves no trace. What is asked for while another
 * reads in the session waits until that is over, so it must not be asked for inside of `work`: in a mesh a member is read as shard
 * and as veneer at once, and one would be in the other's transaction, with its end and its failure. Where `work` begins with
 * `prepared` reads these share the round trip of BEGIN; what was read without it is never answered.
 */
export async function inReadOnly<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const turn = turnOf(session).then(() => readOnly(session, work));
  reading.set(session, turn.then(end, end));
  return turn;
}

/**
 * The same in one round trip, for reads none of which needs another's answer. `ask` has to have asked for all of them by the time it
 * returns its promise: ROLLBACK is sent right behind, and what came later would be outside. Several of these share a round trip, and
 * each has a transaction of its own: one that fails does not touch the others, which the server comes to after its ROLLBACK. `settings`
 * are statements that hold for this transaction: SET LOCAL.
 */
export async function inOneGo<T>(
  session: Session,
  ask: () => Promise<T>,
  settings: readonly string[] = [],
): Promise<T> {
  // In an object, since the next one waits until this one has been sent, not until it has been answered.
  const sent = turnOf(session).then(() => ({ answers: oneGo(session, ask, settings) }));
  reading.set(session, sent.then(end, end));
  return (await sent).answers;
}

const end = (): void => undefined;

const turnOf = (session: Session): Promise<unknown> => reading.get(session) ?? Promise.resolve();

async function readOnly<T>(session: Session, work: () => Promise<T>): Promise<T> {
  try {
    const [, result] = await allDone([begin(session, 'a snapshot'), (async () => work())()]);
    return result;
  } finally {
    begun.delete(session);
    // All has been answered, so that it is known whether there is something to roll back.
    await rollbackQuietly(session);
  }
}

async function oneGo<T>(session: Session, ask: () => Promise<T>, settings: readonly string[]): Promise<T> {
  const answered = allDone([begin(session, 'one go', settings), (async () => ask())()]);
  begun.delete(session);
  // In a session that is lost it fails, as all before it did.
  const ended = session.precede('ROLLBACK').catch(() => undefined);
  try {
    const [, answers] = await answered;
    return answers;
  } finally {
    // Answered with the rest: whoever goes on finds the session idle.
    await ended;
  }
}

function begin(session: Session, reading: Reading, settings: readonly string[] = []): Promise<unknown> {
  begun.set(session, reading);
  return session.precede(['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...settings].join('; '));
}

import { allDone } from '../../postgres/all-done.js';
import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import { nameCancelled } from '../lane/name-cancelled.js';

/** Statements for one thing, which an error has to name. */
interface Batched {
  readonly statements: readonly string[];
}

interface BatchOptions<P> {
  /** May it wait for locks of its own? */
  readonly waits: (piece: P) => boolean;
  /** The error to throw for one that a piece's statement gave. */
  readonly explain: (error: unknown, piece: P) => unknown;
  /** Asks for what the last text leaves: sent with it, so that both take one round trip. */
  readonly behind?: () => Promise<void>;
}

/**
 * Refused outside of a transaction block, be it the one that a text of several statements is by itself
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT): a text whose BEGIN was on its way, and
 * was cancelled there, would commit by itself.
 */
const IN_A_BLOCK = ['SAVEPOINT pgveneer_block', 'RELEASE SAVEPOINT pgveneer_block'];

/** Pieces of one text: a text of many megabytes would be parsed whole before its first statement runs. */
const AT_ONCE = 500;

/**
 * Runs pieces in the open transaction, within what is left of the budget, as few texts in the simple protocol: however
 * many tables a step changes, it costs few round trips. Answers the statements. The number of statements that had
 * completed says which piece an error is about; outside of a transaction nothing is run.
 */
export async function runBatched<P extends Batched>(
  session: Session,
  budget: Budget,
  pieces: readonly P[],
  options: BatchOptions<P>,
): Promise<string[]> {
  const { behind, ...others } = options;
  for (let from = 0; from < pieces.length; from += AT_ONCE) {
    const isLast = from + AT_ONCE >= pieces.length;
    const own = isLast && behind !== undefined ? { ...others, behind } : others;
    await runTogether(session, budget, pieces.slice(from, from + AT_ONCE), own);
  }
  return pieces.flatMap(({ statements }) => statements);
}

async function runTogether<P extends Batched>(
  session: Session,
  budget: Budget,
  pieces: readonly P[],
  { waits, explain, behind = async () => undefined }: BatchOptions<P>,
): Promise<void> {
  const first = [...IN_A_BLOCK, ...budget.limits(session)];
  const timed = inTime(session, budget, pieces, waits);
  const sent = [...first, ...timed.map(({ sql }) => sql)];
  const ran = session.precede(sent.join('; ')).catch((error: unknown) => {
    const failed = error instanceof MemberError ? timed[error.completed - first.length] : undefined;
    const named = nameCancelled(error, sent);
    throw failed === undefined ? named : explain(named, failed.piece);
  });
  await allDone([ran, behind()]);
}

/** Of the pieces that may wait: before each so many it is lowered. */
const LOWERED_EVERY = 10;

/**
 * The pieces' statements for one text, each with its piece, and lock_timeout lowered now and then: to lower it, a query, costs
 * several times what the lock of a table does. In between a wait may be as long as what was left of the budget then; all of
 * them together are ended by the runner's clock (`watched`).
 */
export function inTime<P extends Batched>(
  session: Session,
  budget: Budget,
  pieces: readonly P[],
  waits: (piece: P) => boolean,
): { readonly sql: string; readonly piece: P }[] {
  let waiting = 0;
  return pieces.flatMap((piece) => {
    const place = waits(piece) ? waiting++ : 0;
    const isDue = place > 0 && place % LOWERED_EVERY === 0;
    const statements = isDue ? [budget.shrink(session), ...piece.statements] : piece.statements;
    return statements.map((sql) => ({ sql, piece }));
  });
}

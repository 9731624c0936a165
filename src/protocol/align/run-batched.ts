import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';

/** Statements for one thing, which an error has to name. */
interface Batched {
  readonly statements: readonly string[];
}

interface BatchOptions<P> {
  /** May it wait for locks of its own? lock_timeout, which bounds one lock, is lowered before each that may. */
  readonly waits: (piece: P) => boolean;
  /** The error to throw for one that a piece's statement gave. */
  readonly explain: (error: unknown, piece: P) => unknown;
}

/** Pieces of one text: a text of many megabytes would be parsed whole before its first statement runs. */
const AT_ONCE = 500;

/**
 * Runs pieces in the open transaction, within what is left of the budget, as few texts in the simple protocol: however
 * many tables a step changes, it costs few round trips. Answers the statements. The number of statements that had
 * completed says which piece an error is about.
 */
export async function runBatched<P extends Batched>(
  session: Session,
  budget: Budget,
  pieces: readonly P[],
  options: BatchOptions<P>,
): Promise<string[]> {
  for (let from = 0; from < pieces.length; from += AT_ONCE) {
    await runTogether(session, budget, pieces.slice(from, from + AT_ONCE), options);
  }
  return pieces.flatMap(({ statements }) => statements);
}

async function runTogether<P extends Batched>(
  session: Session,
  budget: Budget,
  pieces: readonly P[],
  { waits, explain }: BatchOptions<P>,
): Promise<void> {
  const limits = budget.limits(session).split('; ');
  const texts = pieces.map((piece, index) => {
    const { statements } = piece;
    return index === 0 || !waits(piece) ? statements : [budget.shrink(session), ...statements];
  });
  try {
    await session.run([...limits, ...texts.flat()].join('; '));
  } catch (error) {
    const owners = texts.flatMap((statements, index) => statements.map(() => pieces[index]));
    const piece = error instanceof MemberError ? owners[error.completed - limits.length] : undefined;
    throw piece === undefined ? error : explain(error, piece);
  }
}

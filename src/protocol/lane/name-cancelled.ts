import { VeneerError } from '../../errors.js';
import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';

/** Characters of a statement that are shown. */
const SHOWN = 160;

/** The error of a text of ours; where a statement was cancelled, with that statement: PostgreSQL does not say what took the time. */
export function nameCancelled(error: unknown, statements: readonly string[]): unknown {
  if (!(error instanceof MemberError) || !isState(error, SQLSTATE.queryCanceled)) return error;
  const sql = statements[error.completed];
  if (sql === undefined) return error;
  const shown = sql.replaceAll(/\s+/g, ' ').slice(0, SHOWN);
  const detail = [error.facts.detail, `statement: ${shown}`].filter(Boolean).join('\n');
  return new VeneerError(error.message, { ...error.facts, detail, cause: error });
}

/** Runs statements of ours as one text, within these limits (`Budget.limits`); one that is cancelled is named. */
export async function runNamed(
  session: Session,
  limits: readonly string[],
  statements: readonly string[],
): Promise<void> {
  const all = [...limits, ...statements];
  await session.run(all.join('; ')).catch((error: unknown) => {
    throw nameCancelled(error, all);
  });
}

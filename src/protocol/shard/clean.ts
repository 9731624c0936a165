import { PIN_AGAIN } from '../../postgres/hygiene.js';
import type { Answer, Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Run } from '../run/run.js';

/**
 * Begins for a migration, in a session that is as a new one. A member in both roles may have been begun, and locked, before:
 * where a transaction is open it is this attempt's. `first`: a statement to begin with, in the same text as BEGIN, so that it
 * runs in that transaction or not at all; answers what it did.
 */
export async function beginClean(
  { at }: Pick<Run, 'at'>,
  session: Session,
  budget: Budget,
  first?: string,
): Promise<Answer | undefined> {
  const then = [...budget.limits(session), ...(first === undefined ? [] : [first])].join('; ');
  if (session.status() !== 'I') return (await session.freshen(then)).at(-1);
  await at(`before begin:${session.member}`);
  const answers = await session.freshen(`BEGIN; ${then}`);
  await at(`after begin:${session.member}`);
  return answers.at(-1);
}

/**
 * Undoes what a migration may have set for itself, before anything of ours follows. A deferred constraint fails
 * here and not in the vote. RESET ROLE, because a prepared transaction belongs to the role that prepares it, and
 * nobody else could settle it. The pins, because definitions are deparsed under them.
 */
export const COME_CLEAN: readonly string[] = [
  'SET CONSTRAINTS ALL IMMEDIATE',
  'RESET SESSION AUTHORIZATION',
  'RESET ROLE',
  PIN_AGAIN,
];

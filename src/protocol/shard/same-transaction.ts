import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';

/**
 * Throws (exit 21) where a migration ended the transaction that it ran in: a COMMIT that parsing could not see, in a text too
 * long to be parsed for instance. Asked behind its statements, since what follows is to commit with them or not at all.
 */
export function refuseOtherTransaction(member: string, began: string, now: string): void {
  if (began !== now) throw endedBy(member);
}

/**
 * The same, asked of the sessions before anything of the commit is sent: outside of a transaction the evidence would be committed
 * by itself, and decide.
 */
export function refuseOutsideTransaction(sessions: readonly Session[]): void {
  const ended = sessions.find((session) => session.status() === 'I');
  if (ended !== undefined) throw endedBy(ended.member);
}

const endedBy = (member: string): VeneerError =>
  new VeneerError('the migration ended the transaction that it ran in; part of it may be committed', {
    exitCode: EXIT.partial,
    where: { member },
    hint: 'take COMMIT and ROLLBACK out of the migration and of what it calls; then compare the member with its ledger',
  });

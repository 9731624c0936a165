import { EXIT, VeneerError } from '../../errors.js';

/**
 * Throws (exit 21) where a migration ended the transaction that it ran in: a COMMIT that parsing could not see (inside a
 * procedure, say). Asked behind its statements, since what follows is to commit with them or not at all.
 */
export function refuseOtherTransaction(member: string, began: string, now: string): void {
  if (began === now) return;
  throw new VeneerError('the migration ended the transaction that it ran in; part of it may be committed', {
    exitCode: EXIT.partial,
    where: { member },
    hint: 'take COMMIT and ROLLBACK out of the migration and of what it calls; then compare the shard with its ledger',
  });
}

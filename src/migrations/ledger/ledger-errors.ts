import { EXIT, VeneerError } from '../../errors.js';
import { labelOf, type Migration } from '../migration.js';

/** Another run was there first. */
export const appliedMeanwhile = (member: string, migration: Migration): VeneerError =>
  changedMeanwhile(member, migration, 'was applied meanwhile: its row is in the ledger already');

/** Another run took it down first. */
export const takenDownMeanwhile = (member: string, migration: Migration): VeneerError =>
  changedMeanwhile(member, migration, 'was taken down meanwhile: its row is not in the ledger any more');

const changedMeanwhile = (member: string, migration: Migration, what: string): VeneerError =>
  new VeneerError(`${labelOf(migration)} ${what}`, {
    exitCode: EXIT.failed,
    where: { member, migration: labelOf(migration), file: migration.file },
    hint: 'migrate status shows where the fleet stands',
  });

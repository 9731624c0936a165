import type { Loss } from '../../migrations/sql/statement-losses.js';

/** What all locks of a migration have in common. */
export const HELD = 'the lock is held until all tenants of the step and the veneers have committed';

/** Where a change goes in three parts. */
export const EXPAND =
  'a new column beside it, a trigger that keeps both the same, a backfill; later drop the old one (docs/expand-contract.md)';

const CONTRACT =
  'only as the contract step, when no code names it any more (docs/expand-contract.md#contract)';

const IN_BATCHES =
  'backfill(pgm, …), which goes in batches with a short transaction each (docs/migrations.md#backfill)';

const ALL_ROWS = `rows of all tenants of a step are locked in one transaction, which ends when the veneers have followed`;

/** By loss: what users suffer, and what to write instead. */
export const DATA_ADVICE: Readonly<Record<Loss['kind'], readonly [why: string, instead: string | null]>> = {
  'drops table': [
    'code that names it fails from then on, and a view of the veneer that shows it refuses the step; the rows are gone',
    CONTRACT,
  ],
  'drops column': [
    'code that names it, SELECT * included, fails from then on, and a view of the veneer that shows it refuses the step',
    CONTRACT,
  ],
  'converts column': [
    `the table and its foreign table are locked ACCESS EXCLUSIVE, and views above are made again; whether the table is written anew, the catalogs decide; ${HELD}`,
    EXPAND,
  ],
  empties: [
    'all rows are gone, readers that have an older snapshot are waited for (policy.rewrites), and nobody reads or writes it meanwhile',
    null,
  ],
  'deletes rows': [ALL_ROWS, null],
  'overwrites rows': [ALL_ROWS, IN_BATCHES],
};

import type { TenantConfig } from '../config/config.js';
import { literal } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { REPEAT, TAKE_OVER } from './ledger-conflicts.js';
import { appliedMeanwhile, takenDownMeanwhile } from './ledger-errors.js';
import { isRepeatable } from './migration-names.js';
import type { Direction, Migration } from './migration.js';

/** One migration on one member, for these tenants; of the scopes shard and veneer for the member itself. */
export interface LedgerWrite {
  readonly step: string;
  readonly migration: Migration;
  readonly tenants: readonly TenantConfig[];
  readonly appliedBy: string;
}

/**
 * Records a migration, before its statements run. Up: the primary key makes a second runner wait here instead of
 * applying a data change twice. Down: exactly one row per tenant goes, else nothing is done. Answers the transaction's
 * id.
 */
export const writeLedger = (session: Session, direction: Direction, write: LedgerWrite): Promise<string> =>
  WRITES[direction](session, write);

const WRITES: Readonly<Record<Direction, (session: Session, write: LedgerWrite) => Promise<string>>> = {
  up: addRows,
  down: removeRows,
};

/** What {@link writeLedger} does for a member itself, as a statement that can be kept and run later. */
export const ledgerStatement = (
  direction: Direction,
  { step, migration, appliedBy }: Pick<LedgerWrite, 'step' | 'migration' | 'appliedBy'>,
): string =>
  direction === 'up'
    ? `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
       VALUES (${[migration.scope, '', migration.name, migration.checksum, 'applied', step, appliedBy].map(literal).join(', ')})
       ${isRepeatable(migration.name) ? REPEAT : ''}`
    : `DELETE FROM pgveneer.ledger
        WHERE scope = ${literal(migration.scope)} AND tenant = '' AND migration = ${literal(migration.name)}`;

/** The ledger's key of whom a migration runs for. */
const keysOf = ({ migration, tenants }: LedgerWrite): string[] =>
  migration.scope === 'tenant' ? tenants.map(({ name }) => name) : [''];

/** A row that says `running` is taken over: the migration was without a transaction when it began, and was edited since. */
async function addRows(session: Session, write: LedgerWrite): Promise<string> {
  const { step, migration, appliedBy } = write;
  const keys = keysOf(write);
  // A base is recorded as what it stands for, so that nothing else has to know it.
  const recorded = migration.covers ?? [migration];
  const rows = await session.query<{ xid: string }>(
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     SELECT $1, key.tenant, recorded.migration, recorded.checksum, 'applied', $5, $6
       FROM unnest($2::text[]) AS key(tenant), unnest($3::text[], $4::text[]) AS recorded(migration, checksum)
     ${takeOver(migration)}
     RETURNING pg_current_xact_id()::text AS xid`,
    [
      migration.scope,
      keys,
      recorded.map(({ name }) => name),
      recorded.map(({ checksum }) => checksum),
      step,
      appliedBy,
    ],
  );
  if (rows.length !== keys.length * recorded.length) throw appliedMeanwhile(session.member, migration);
  return rows[0]?.xid ?? '';
}

async function removeRows(session: Session, write: LedgerWrite): Promise<string> {
  const { migration } = write;
  const keys = keysOf(write);
  const rows = await session.query<{ xid: string }>(
    `DELETE FROM pgveneer.ledger WHERE scope = $1 AND tenant = ANY ($2::text[]) AND migration = $3
     RETURNING pg_current_xact_id()::text AS xid`,
    [migration.scope, keys, migration.name],
  );
  if (rows.length !== keys.length) throw takenDownMeanwhile(session.member, migration);
  return rows[0]?.xid ?? '';
}

const takeOver = ({ name }: Migration): string => (isRepeatable(name) ? REPEAT : TAKE_OVER);

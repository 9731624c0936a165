import type { TenantConfig } from '../../config/config.js';
import { literal } from '../../postgres/identifiers.js';
import type { Answer, Session } from '../../postgres/session.js';
import { REPEAT, TAKE_OVER } from './ledger-conflicts.js';
import { appliedMeanwhile, takenDownMeanwhile } from './ledger-errors.js';
import { isRepeatable } from '../migration-names.js';
import type { Direction, Migration } from '../migration.js';

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
export async function writeLedger(
  session: Session,
  direction: Direction,
  write: LedgerWrite,
): Promise<string> {
  const [answer] = await session.ask(ledgerText(direction, write));
  return readWritten(session, direction, write, answer);
}

/** The statement that {@link writeLedger} runs, for a text of more than it. */
export const ledgerText = (direction: Direction, write: LedgerWrite): string => TEXTS[direction](write);

const TEXTS: Readonly<Record<Direction, (write: LedgerWrite) => string>> = { up: addRows, down: removeRows };

/** Writes down how long it took until now, in the same transaction. */
export const durationText = (write: LedgerWrite): string =>
  `UPDATE pgveneer.ledger SET duration = clock_timestamp() - applied_at
    WHERE scope = ${literal(write.migration.scope)} AND tenant = ANY (${textArray(keysOf(write))})
      AND migration = ANY (${textArray(recordedBy(write.migration).map(({ name }) => name))}) AND step = ${literal(write.step)}`;

/** What it answered: the transaction's id. Throws where another runner was there before. */
export function readWritten(
  { member }: Session,
  direction: Direction,
  write: LedgerWrite,
  answer: Answer | undefined,
): string {
  const rows = answer?.rows ?? [];
  refuseOthers(member, direction, write, rows.length);
  const [[xid] = []] = rows;
  return typeof xid === 'string' ? xid : '';
}

/** Throws where fewer rows were written, or more removed, than there are: another runner was there before. */
export function refuseOthers(member: string, direction: Direction, write: LedgerWrite, rows: number): void {
  const { migration } = write;
  const recorded = direction === 'up' ? recordedBy(migration).length : 1;
  if (rows !== keysOf(write).length * recorded)
    throw (direction === 'up' ? appliedMeanwhile : takenDownMeanwhile)(member, migration);
}

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

/** A base is recorded as what it stands for, so that nothing else has to know it. */
const recordedBy = (migration: Migration): readonly Pick<Migration, 'name' | 'checksum'>[] =>
  migration.covers ?? [migration];

/** A row that says `running` is taken over: the migration was without a transaction when it began, and was edited since. */
function addRows(write: LedgerWrite): string {
  const { step, migration, appliedBy } = write;
  const recorded = recordedBy(migration);
  return `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     SELECT ${literal(migration.scope)}, key.tenant, recorded.migration, recorded.checksum, 'applied', ${literal(step)}, ${literal(appliedBy)}
       FROM unnest(${textArray(keysOf(write))}) AS key(tenant),
            unnest(${textArray(recorded.map(({ name }) => name))}, ${textArray(recorded.map(({ checksum }) => checksum))}) AS recorded(migration, checksum)
     ${takeOver(migration)}
     RETURNING pg_current_xact_id()::text AS xid`;
}

function removeRows(write: LedgerWrite): string {
  const { migration } = write;
  return `DELETE FROM pgveneer.ledger WHERE scope = ${literal(migration.scope)} AND tenant = ANY (${textArray(keysOf(write))})
            AND migration = ${literal(migration.name)}
     RETURNING pg_current_xact_id()::text AS xid`;
}

const textArray = (values: readonly string[]): string => `ARRAY[${values.map(literal).join(', ')}]::text[]`;

const takeOver = ({ name }: Migration): string => (isRepeatable(name) ? REPEAT : TAKE_OVER);

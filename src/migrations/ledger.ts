import type { TenantConfig } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import { literal } from '../postgres/identifiers.js';
import type { Row, Session } from '../postgres/session.js';
import { isRepeatable } from './migration-names.js';
import { labelOf, type Direction, type Migration, type Scope } from './migration.js';

/** What was applied to tenants whose histories are alike; a fleet of thousands has few of these groups. */
export interface LedgerGroup {
  readonly scope: Scope;
  /** Of a shard or veneer itself one, with an empty name. */
  readonly tenants: readonly string[];
  readonly entries: readonly LedgerEntry[];
}

export interface LedgerEntry {
  readonly migration: string;
  readonly checksum: string;
  /** `running`: a migration without a transaction that began, and has not come to its end. */
  readonly state: 'applied' | 'running';
}

/** One member's ledger, grouped there: one query and few rows, however many tenants there are. */
const GROUPS = `
  SELECT scope, json_agg(tenant ORDER BY tenant) AS tenants, entries::json AS entries
    FROM (SELECT scope, tenant, jsonb_agg(jsonb_build_object('migration', migration, 'checksum', checksum, 'state', state)
                                   ORDER BY migration) AS entries
            FROM pgveneer.ledger GROUP BY scope, tenant) AS histories
   GROUP BY histories.scope, histories.entries`;

/** The ledger of a member; null where the fleet was never set up there. */
export async function readLedger(session: Session): Promise<LedgerGroup[] | null> {
  return (await hasLedger(session)) ? session.query<LedgerGroup & Row>(GROUPS) : null;
}

/** Was the fleet ever set up on this member? */
export async function hasLedger(session: Session): Promise<boolean> {
  const [state] = await session.query<{ ready: boolean }>(
    `SELECT to_regclass('pgveneer.ledger') IS NOT NULL AS ready`,
  );
  return state?.ready === true;
}

/** The names of all migrations in a member's ledger, of every scope; none where the fleet was never set up there. */
export async function readLedgerNames(session: Session): Promise<string[]> {
  if (!(await hasLedger(session))) return [];
  const rows = await session.query<{ migration: string }>('SELECT DISTINCT migration FROM pgveneer.ledger');
  return rows.map(({ migration }) => migration);
}

/** Entries by tenant and migration, of one scope. */
export function entriesOf(
  groups: readonly LedgerGroup[],
  wanted: Scope,
): Map<string, ReadonlyMap<string, LedgerEntry>> {
  return new Map(
    groups.flatMap(({ scope, tenants, entries }) => {
      if (scope !== wanted) return [];
      const byMigration = new Map(entries.map((entry) => [entry.migration, entry]));
      return tenants.map((tenant) => [tenant, byMigration] as const);
    }),
  );
}

/** Entries of migrations that came to their end. */
export const onlyApplied = (entries: ReadonlyMap<string, LedgerEntry>): ReadonlyMap<string, LedgerEntry> =>
  new Map([...entries].filter(([, { state }]) => state === 'applied'));

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

const overwriteWhere = (condition: string): string => `
  ON CONFLICT (scope, tenant, migration) DO UPDATE
     SET checksum = excluded.checksum, state = excluded.state, step = excluded.step,
         applied_at = excluded.applied_at, applied_by = excluded.applied_by, duration = NULL
   WHERE ${condition}`;

/** Of what is there already, only a row that says `running` is written over. */
const TAKE_OVER = overwriteWhere(`ledger.state = 'running'`);

/** Of a repeatable, a row of another text: what waited here for somebody who applied this one is told so. */
const REPEAT = overwriteWhere('ledger.checksum <> excluded.checksum');

const takeOver = ({ name }: Migration): string => (isRepeatable(name) ? REPEAT : TAKE_OVER);

/** One tenant and one migration without a transaction. */
export interface RunningWrite {
  readonly step: string;
  readonly migration: Migration;
  readonly tenant: TenantConfig;
  readonly appliedBy: string;
}

/** What the ledger says of one migration for one tenant, locked until the open transaction ends; null: nothing. */
export async function lockEntry(
  session: Session,
  { migration, tenant }: Pick<RunningWrite, 'migration' | 'tenant'>,
): Promise<LedgerEntry | null> {
  const [entry = null] = await session.query<LedgerEntry & Row>(
    `SELECT migration, checksum, state FROM pgveneer.ledger
      WHERE scope = 'tenant' AND tenant = $1 AND migration = $2 FOR UPDATE`,
    [tenant.name, migration.name],
  );
  return entry;
}

/** Records, in the open transaction, that a migration without a transaction begins for a tenant. */
export async function writeRunning(
  session: Session,
  { step, migration, tenant, appliedBy }: RunningWrite,
): Promise<void> {
  const rows = await session.query(
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     VALUES ('tenant', $1, $2, $3, 'running', $4, $5)
     ${TAKE_OVER}
     RETURNING step`,
    [tenant.name, migration.name, migration.checksum, step, appliedBy],
  );
  if (rows.length !== 1) throw appliedMeanwhile(session.member, migration);
}

/** Records, in the open transaction, that what is to take a migration without a transaction down begins for a tenant. */
export async function writeLeaving(
  session: Session,
  { step, migration, tenant }: RunningWrite,
): Promise<void> {
  await session.query(
    `UPDATE pgveneer.ledger SET state = 'running', step = $3
      WHERE scope = 'tenant' AND tenant = $1 AND migration = $2`,
    [tenant.name, migration.name, step],
  );
}

/** Records that a migration without a transaction still stands for a tenant: nothing of what takes it down is left. */
export async function writeStanding(
  session: Session,
  { step, migration, tenant }: RunningWrite,
): Promise<void> {
  await session.query(`UPDATE pgveneer.ledger SET state = 'applied' WHERE ${OWN}`, [
    tenant.name,
    migration.name,
    step,
  ]);
}

/** The row of this very step: whoever took it over since has begun anew. */
const OWN = `scope = 'tenant' AND tenant = $1 AND migration = $2 AND step = $3 AND state = 'running'`;

/** Records that a migration without a transaction has come to its end for a tenant. */
export async function writeApplied(
  session: Session,
  { step, migration, tenant }: RunningWrite,
): Promise<void> {
  const rows = await session.query(
    `UPDATE pgveneer.ledger SET state = 'applied', duration = clock_timestamp() - applied_at
      WHERE ${OWN} RETURNING step`,
    [tenant.name, migration.name, step],
  );
  if (rows.length === 1) return;
  throw new VeneerError(`the ledger's row of ${migration.name} for ${tenant.name} is gone`, {
    exitCode: EXIT.failed,
    where: { member: session.member, tenant: tenant.name, migration: migration.name },
    hint: 'somebody removed it while the migration ran; migrate up runs it again',
  });
}

/** Forgets that a migration without a transaction began for a tenant: nothing of it is left. */
export async function forgetRunning(
  session: Session,
  { step, migration, tenant }: RunningWrite,
): Promise<void> {
  await session.query(`DELETE FROM pgveneer.ledger WHERE ${OWN}`, [tenant.name, migration.name, step]);
}

const appliedMeanwhile = (member: string, migration: Migration): VeneerError =>
  changedMeanwhile(member, migration, 'was applied meanwhile: its row is in the ledger already');

export const takenDownMeanwhile = (member: string, migration: Migration): VeneerError =>
  changedMeanwhile(member, migration, 'was taken down meanwhile: its row is not in the ledger any more');

const changedMeanwhile = (member: string, migration: Migration, what: string): VeneerError =>
  new VeneerError(`${labelOf(migration)} ${what}`, {
    exitCode: EXIT.failed,
    where: { member, migration: labelOf(migration), file: migration.file },
    hint: 'migrate status shows where the fleet stands',
  });

/** The fleet's tables are missing on a member: nothing can be recorded there. */
export const notSetUp = (member: string): VeneerError =>
  new VeneerError(`${member} was never set up: it has no ledger`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'migrate setup',
  });

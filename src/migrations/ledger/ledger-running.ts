import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Row, Session } from '../../postgres/session.js';
import type { LedgerEntry } from './ledger.js';
import { TAKE_OVER } from './ledger-conflicts.js';
import { appliedMeanwhile } from './ledger-errors.js';
import type { Migration } from '../migration.js';

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

import { EXIT, VeneerError } from '../../errors.js';
import type { Row, Session } from '../../postgres/session.js';
import { hasTable } from '../../postgres/state-tables.js';
import type { RunningWrite } from './ledger-running.js';
import type { Direction } from '../migration.js';

/** Which backfill of a migration: a text that is the same as long as it does the same. */
export interface FillKey extends Pick<RunningWrite, 'migration' | 'tenant'> {
  readonly direction: Direction;
  readonly fill: string;
}

/** How far a backfill has come for a tenant. */
export interface FillProgress {
  /** Its key, column by column, of the last row that was gone through; null: it is through. */
  readonly behind: readonly string[] | null;
  /** Rows that were changed. */
  readonly rows: number;
}

const OF_TENANT = 'tenant = $1 AND migration = $2';
const OWN = `${OF_TENANT} AND direction = $3 AND fill = $4`;

const keyOf = ({ tenant, migration, direction, fill }: FillKey): readonly string[] => [
  tenant.name,
  migration.name,
  direction,
  fill,
];

/** How far it has come; null: it has not begun. */
export async function readFill(session: Session, key: FillKey): Promise<FillProgress | null> {
  const [found = null] = await session.query<FillProgress & Row>(
    `SELECT behind, rows::float8 AS rows FROM pgveneer.backfill WHERE ${OWN}`,
    keyOf(key),
  );
  return found;
}

/**
 * Writes down, in the transaction of the batch itself, how far it has come. Throws where it did not stand where this batch
 * began: somebody else is at work.
 */
export async function writeFill(
  session: Session,
  key: FillKey,
  before: FillProgress | null,
  after: FillProgress,
): Promise<void> {
  const json = (behind: FillProgress['behind']): string | null =>
    behind === null ? null : JSON.stringify(behind);
  const values = [...keyOf(key), json(after.behind), after.rows, json(before?.behind ?? null)];
  const rows = await session.query(
    `INSERT INTO pgveneer.backfill (tenant, migration, direction, fill, behind, rows)
     VALUES ($1, $2, $3, $4, $5::jsonb, $6::bigint)
     ON CONFLICT (tenant, migration, direction, fill) DO UPDATE SET behind = excluded.behind, rows = excluded.rows
      WHERE backfill.behind IS NOT DISTINCT FROM $7::jsonb AND $7 IS NOT NULL
     RETURNING rows`,
    values,
  );
  if (rows.length === 1) return;
  throw new VeneerError(
    `the backfill of ${key.migration.name} for ${key.tenant.name} stands elsewhere than it did`,
    {
      exitCode: EXIT.failed,
      where: { member: session.member, tenant: key.tenant.name, migration: key.migration.name },
      hint: 'somebody changed pgveneer.backfill meanwhile; migrate up goes on where it says',
    },
  );
}

/** Has any backfill of a migration changed or gone through rows of a tenant? */
export async function hasFilled(
  session: Session,
  { migration, tenant }: Pick<RunningWrite, 'migration' | 'tenant'>,
): Promise<boolean> {
  const rows = await session.query(`SELECT FROM pgveneer.backfill WHERE ${OF_TENANT} LIMIT 1`, [
    tenant.name,
    migration.name,
  ]);
  return rows.length > 0;
}

/** Forgets, in the transaction in which a migration begins for a tenant, how far it came in an earlier life. */
export async function forgetFills(
  session: Session,
  { migration, tenant }: Pick<RunningWrite, 'migration' | 'tenant'>,
): Promise<void> {
  if (!(await hasTable(session, 'backfill'))) throw noTable(session.member);
  await session.query(`DELETE FROM pgveneer.backfill WHERE ${OF_TENANT}`, [tenant.name, migration.name]);
}

const noTable = (member: string): VeneerError =>
  new VeneerError(`${member} was set up by an earlier version: it has no table for backfills`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'migrate setup',
    cure: 'migrate setup',
  });

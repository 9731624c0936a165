import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import type { TenantBaseline } from './baseline.js';

/** The advisory lock that node-pg-migrate holds in a database while it runs (`PG_MIGRATE_LOCK_ID` in its runner.ts). */
const NODE_PG_MIGRATE_LOCK = '7241865325823964';

/**
 * Proves that no node-pg-migrate is at work in this database, and keeps it out until the session ends. To be called before
 * that tool's table is read: what it applied between reading and writing would be applied again. Throws (exit 20) where
 * one is.
 */
export async function keepOutNodePgMigrate(session: Session): Promise<void> {
  const [row] = await session.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(${NODE_PG_MIGRATE_LOCK}) AS locked`,
  );
  if (row?.locked === true) return;
  throw new VeneerError(`node-pg-migrate is at work on ${session.member}`, {
    exitCode: EXIT.failed,
    where: { member: session.member },
    hint: 'wait for it to end, and stop whatever starts it; then run the command again',
  });
}

/** Records migrations as applied, in the open transaction, without running them; what is recorded already stays. */
export async function recordBaseline(
  session: Session,
  tenants: readonly Pick<TenantBaseline, 'tenant' | 'record'>[],
  by: { readonly step: string; readonly appliedBy: string },
): Promise<void> {
  const rows = tenants.flatMap(({ tenant, record }) =>
    record.map(({ name, checksum }) => ({ tenant: tenant.name, migration: name, checksum })),
  );
  await session.query(
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     SELECT 'tenant', r.tenant, r.migration, r.checksum, 'applied', $2, $3
       FROM json_to_recordset($1::json) AS r (tenant text, migration text, checksum text)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows), by.step, by.appliedBy],
  );
}

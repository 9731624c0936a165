import type { TenantConfig } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import type { Row, Session } from '../postgres/session.js';
import type { Migration } from './migration.js';

/** What was applied to tenants whose histories are alike; a fleet of thousands has few of these groups. */
export interface LedgerGroup {
  readonly tenants: readonly string[];
  readonly entries: readonly LedgerEntry[];
}

export interface LedgerEntry {
  readonly migration: string;
  readonly checksum: string;
  readonly state: 'applied' | 'running';
}

/** One member's ledger of tenants, grouped there: one query and few rows, however many tenants there are. */
const GROUPS = `
  SELECT json_agg(tenant ORDER BY tenant) AS tenants, entries::json AS entries
    FROM (SELECT tenant, jsonb_agg(jsonb_build_object('migration', migration, 'checksum', checksum, 'state', state)
                                   ORDER BY migration) AS entries
            FROM pgveneer.ledger WHERE scope = 'tenant' GROUP BY tenant) AS histories
   GROUP BY histories.entries`;

/** The ledger of a member; null where the fleet was never set up there. */
export async function readLedger(session: Session): Promise<LedgerGroup[] | null> {
  const [state] = await session.query<{ ready: boolean }>(
    `SELECT to_regclass('pgveneer.ledger') IS NOT NULL AS ready`,
  );
  return state?.ready === true ? session.query<LedgerGroup & Row>(GROUPS) : null;
}

/** Entries of one tenant by migration. */
export function entriesByTenant(
  groups: readonly LedgerGroup[],
): Map<string, ReadonlyMap<string, LedgerEntry>> {
  return new Map(
    groups.flatMap(({ tenants, entries }) => {
      const byMigration = new Map(entries.map((entry) => [entry.migration, entry]));
      return tenants.map((tenant) => [tenant, byMigration] as const);
    }),
  );
}

export interface LedgerWrite {
  readonly step: string;
  readonly migration: Migration;
  readonly tenants: readonly TenantConfig[];
  readonly appliedBy: string;
}

/**
 * Records the migration for these tenants, before its statements run: the primary key makes a second runner wait
 * here instead of applying a data change twice. Answers the transaction's id.
 */
export async function writeLedger(
  session: Session,
  { step, migration, tenants, appliedBy }: LedgerWrite,
): Promise<string> {
  const rows = await session.query<{ xid: string }>(
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     SELECT 'tenant', unnest($1::text[]), $2, $3, 'applied', $4, $5
     RETURNING pg_current_xact_id()::text AS xid`,
    [tenants.map((tenant) => tenant.name), migration.name, migration.checksum, step, appliedBy],
  );
  return rows[0]?.xid ?? '';
}

/** The fleet's tables are missing on a member: nothing can be recorded there. */
export const notSetUp = (member: string): VeneerError =>
  new VeneerError(`${member} was never set up: it has no ledger`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'migrate setup',
  });

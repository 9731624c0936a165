import { EXIT, VeneerError } from '../../errors.js';
import type { Row, Session } from '../../postgres/session.js';
import { hasTable, rowsIfThere } from '../../postgres/state-tables.js';
import type { Scope } from '../migration.js';

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
  return rowsIfThere(session, 'ledger', () => session.prepared<LedgerGroup & Row>(GROUPS));
}

/** Was the fleet ever set up on this member? */
export const hasLedger = (session: Session): Promise<boolean> => hasTable(session, 'ledger');

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

/** The fleet's tables are missing on a member: nothing can be recorded there. */
export const notSetUp = (member: string): VeneerError =>
  new VeneerError(`${member} was never set up: it has no ledger`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'migrate setup',
    cure: 'migrate setup',
  });

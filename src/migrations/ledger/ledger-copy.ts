import type { TenantConfig } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import type { LedgerEntry } from './ledger.js';

/** Which entries tenants get without any migration being run, since they are made like one that has them. */
export interface LedgerCopy {
  readonly step: string;
  readonly tenants: readonly TenantConfig[];
  readonly entries: readonly LedgerEntry[];
  readonly appliedBy: string;
}

/** Records migrations as applied, each with the checksum that it was applied with. A row that is there already fails it. */
export async function copyLedger(
  session: Session,
  { step, tenants, entries, appliedBy }: LedgerCopy,
): Promise<void> {
  await session.query(
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     SELECT 'tenant', own.tenant, entry.migration, entry.checksum, 'applied', $4, $5
       FROM unnest($1::text[]) AS own(tenant), unnest($2::text[], $3::text[]) AS entry(migration, checksum)`,
    [
      tenants.map(({ name }) => name),
      entries.map(({ migration }) => migration),
      entries.map(({ checksum }) => checksum),
      step,
      appliedBy,
    ],
  );
}

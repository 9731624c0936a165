import type { Session } from '../../postgres/session.js';
import { hasLedger } from './ledger.js';
import type { Migration } from '../migration.js';

const DIFFERING = `scope = $1 AND migration = $2 AND checksum <> $3 AND state = 'applied'
  AND (scope <> 'tenant' OR tenant = ANY ($4::text[]))`;

const values = ({ scope, name, checksum }: Migration, tenants: readonly string[]): unknown[] => [
  scope,
  name,
  checksum,
  tenants,
];

/** To which of these tenants (or '', a shard or veneer itself) another text was applied than the file has now. */
export async function readDiffering(
  session: Session,
  migration: Migration,
  tenants: readonly string[],
): Promise<string[]> {
  if (!(await hasLedger(session))) return [];
  const rows = await session.query<{ tenant: string }>(
    `SELECT tenant FROM pgveneer.ledger WHERE ${DIFFERING} ORDER BY tenant`,
    values(migration, tenants),
  );
  return rows.map(({ tenant }) => tenant);
}

/** Records, in the open transaction, that what was applied counts as what the file has now. */
export async function writeChecksum(
  session: Session,
  migration: Migration,
  tenants: readonly string[],
): Promise<void> {
  await session.query(
    `UPDATE pgveneer.ledger SET checksum = $3 WHERE ${DIFFERING}`,
    values(migration, tenants),
  );
}

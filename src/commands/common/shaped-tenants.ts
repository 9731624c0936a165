import { readShapeLines, readShapes, type ShapeLine } from '../../catalog/relations/read-shapes.js';
import type { ShardConfig, TenantConfig } from '../../config/config.js';
import { groupBy } from '../../group-by.js';
import { entriesOf, readLedger, type LedgerEntry } from '../../migrations/ledger/ledger.js';
import { HISTORY_TABLES } from '../../migrations/adopt/read-histories.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { inOneGo } from '../../postgres/transaction.js';

/** What one tenant has in its ledger and in its schema. */
export interface ShapedTenant {
  readonly tenant: TenantConfig;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  readonly schema: 'there' | 'missing';
  /** Null: the schema is empty or not there. */
  readonly shape: string | null;
}

/** A tool's own table is no part of what its migrations made; `more` are tables that bear other names than usual. */
export const ignoredTables = (...more: readonly string[]): string[] => [
  ...Object.values(HISTORY_TABLES),
  ...more,
];

/**
 * All tenants of a shard, in a fixed number of queries, asked in one go. Ledger and catalogs have to be of one snapshot, so that
 * nobody seems odd who was being migrated: in an open transaction.
 */
export async function readShapedTenants(
  session: Session,
  { tenants }: ShardConfig,
  ignored: readonly string[],
): Promise<ShapedTenant[]> {
  const [groups, shapeOf] = await allDone([readLedger(session), shapesBySchema(session, tenants, ignored)]);
  const ledger = entriesOf(groups ?? [], 'tenant');
  const none: ReadonlyMap<string, LedgerEntry> = new Map();
  return tenants.map((tenant) => ({
    tenant,
    ledger: ledger.get(tenant.name) ?? none,
    schema: shapeOf.has(tenant.schema) ? 'there' : 'missing',
    shape: shapeOf.get(tenant.schema) ?? null,
  }));
}

/** The shapes of these tenants' schemas: null for an empty one, none for one that is not there. */
export async function shapesBySchema(
  session: Session,
  tenants: readonly TenantConfig[],
  ignored: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const schemas = tenants.map(({ schema }) => schema);
  const shapes = await readShapes(session, schemas, ignored);
  return new Map(shapes.flatMap((one) => one.schemas.map((schema) => [schema, one.shape] as const)));
}

/** What the shapes of these tenants are made of: one query per database. */
export async function readLinesOf(
  tenants: readonly TenantConfig[],
  ignored: readonly string[],
  sessionOf: (tenant: TenantConfig) => Session,
): Promise<(tenant: TenantConfig) => readonly ShapeLine[]> {
  const lines = new Map<TenantConfig, readonly ShapeLine[]>();
  await Promise.all(
    [...groupBy(new Set(tenants), sessionOf)].map(async ([session, own]) => {
      const schemas = own.map(({ schema }) => schema);
      const read = await inOneGo(session, () => readShapeLines(session, schemas, ignored));
      for (const tenant of own) lines.set(tenant, read.get(tenant.schema) ?? []);
    }),
  );
  return (tenant) => lines.get(tenant) ?? [];
}

import type { TenantConfig } from '../../config/config.js';
import { ident, literal } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { hasLedger } from '../ledger/ledger.js';
import { compareNames, orderOf } from '../migration-names.js';
import { readHistories } from './read-histories.js';

/** What a tenant's pgmigrations lacks. */
export interface TenantExport {
  readonly tenant: TenantConfig;
  /** In the order in which node-pg-migrate wants to find them. */
  readonly migrations: readonly string[];
}

/** What node-pg-migrate's table lacks in each tenant's schema; tenants whose table lacks nothing are left out. */
export async function readExports(
  session: Session,
  tenants: readonly TenantConfig[],
  table: string,
): Promise<TenantExport[]> {
  if (!(await hasLedger(session))) return [];
  const schemas = tenants.map(({ schema }) => schema);
  const present = await readHistories(session, { tool: 'pgmigrations', table, schemas });
  const applied = await session.query<{ tenant: string; migrations: string[] } & Row>(
    `SELECT tenant, json_agg(migration) AS migrations FROM pgveneer.ledger
      WHERE scope = 'tenant' AND state = 'applied' AND tenant = ANY ($1::text[]) GROUP BY tenant`,
    [tenants.map(({ name }) => name)],
  );
  const byTenant = new Map(applied.map(({ tenant, migrations }) => [tenant, migrations]));
  return tenants.flatMap((tenant) => {
    const there = new Set(
      (present.get(tenant.schema) ?? []).flatMap((one) => (one.kind === 'name' ? one.name : [])),
    );
    const migrations = (byTenant.get(tenant.name) ?? [])
      .filter((name) => orderOf(name) !== null && !there.has(name))
      .toSorted(compareNames);
    return migrations.length === 0 ? [] : [{ tenant, migrations }];
  });
}

/**
 * Statements that add to a tenant's pgmigrations, made as node-pg-migrate makes it where it is not there. That tool orders
 * by run_on, in whatever time zone it ran, and wants the order of the files: so no row is earlier than one before it.
 */
export function exportStatements({ tenant, migrations }: TenantExport, table: string): string[] {
  const target = `${ident(tenant.schema)}.${ident(table)}`;
  const names = migrations.map((name, index) => `(${index}, ${literal(name)})`).join(', ');
  return [
    `CREATE TABLE IF NOT EXISTS ${target} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`,
    `INSERT INTO ${target} (name, run_on)
     SELECT v.name, greatest(max(l.applied_at AT TIME ZONE 'UTC') OVER (ORDER BY v.i), (SELECT max(run_on) FROM ${target}))
       FROM (VALUES ${names}) AS v (i, name)
       JOIN pgveneer.ledger l ON l.scope = 'tenant' AND l.tenant = ${literal(tenant.name)} AND l.migration = v.name
      ORDER BY v.i`,
  ];
}

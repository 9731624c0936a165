import type { TenantConfig } from '../config.js';
import type { Path } from '../text/document.js';
import { placedRows, QUERY } from './resolve-tenant-query.js';
import type { PlacedRow } from './resolve-tenant-query.js';
import { checkSchema, filledName, shownName } from './reading.js';
import type { Reading } from './reading.js';
import { tenantIs } from './resolve-places.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

/** A tenant and where it is written. */
interface PlacedTenant extends TenantConfig {
  readonly path: Path;
  /** Its name for messages. */
  readonly shown: string;
  /** Its schema for messages. */
  readonly shownSchema: string;
}

/** All tenants in the order of the file, each on one shard and in a schema of its own there. */
export function resolveTenants(
  fleet: Loose<FleetFile>,
  shards: readonly string[],
  reading: Reading,
): readonly TenantConfig[] {
  const tenants = Object.hasOwn(fleet, 'tenants')
    ? placedRows(reading, shards).map((row) => askedTenant(fleet, row, reading))
    : shards.flatMap((shard) => tenantsOf(fleet, shard, reading));
  if (isWithoutTenants(fleet)) {
    reading.refuse(
      ['shards'],
      'an empty fleet: expected at least one tenant under shards.<name>.tenants',
      'key',
    );
  }
  refuseTwins(tenants, tenantIs(fleet), reading);
  return tenants.map(({ name, shard, schema }) => ({ name, shard, schema }));
}

function tenantsOf(fleet: Loose<FleetFile>, shard: string, reading: Reading): readonly PlacedTenant[] {
  return (fleet.shards?.[shard]?.tenants ?? []).flatMap((text, index) => {
    const path = ['shards', shard, 'tenants', index];
    const name = filledName(reading, path, text, { shard });
    if (name === null || text === undefined) return [];
    return [placedTenant(fleet, { name, shard, path, written: text }, reading)];
  });
}

/** A tenant of a row: its name is the row's, whatever it looks like. */
const askedTenant = (fleet: Loose<FleetFile>, { tenant, shard }: PlacedRow, reading: Reading): PlacedTenant =>
  placedTenant(fleet, { name: tenant, shard, path: QUERY, written: '' }, reading);

interface Named {
  readonly name: string;
  readonly shard: string;
  readonly path: Path;
  /** As it stands in the file: where a variable took part, its value stays hidden. */
  readonly written: string;
}

function placedTenant(
  fleet: Loose<FleetFile>,
  { name, shard, path, written }: Named,
  reading: Reading,
): PlacedTenant {
  const pattern = fleet.tenant?.schema ?? '{tenant}';
  const schema = filledName(reading, ['tenant', 'schema'], pattern, { tenant: name, shard }) ?? '';
  const shown = shownName(written, name);
  checkSchema(reading, path, `the schema of tenant ${shown}`, schema);
  // Left out, expose names the schema on the veneer after the tenant.
  const isShown = fleet.expose === undefined && schema !== name;
  if (isShown) checkSchema(reading, path, `the schema of tenant ${shown} on the veneer`, name);
  return { name, shard, schema, path, shown, shownSchema: shownName(written + pattern, schema) };
}

/** No shard lists a tenant. A list that did not fit, or a query for tenants, is another problem. */
function isWithoutTenants(fleet: Loose<FleetFile>): boolean {
  const shards = Object.values(fleet.shards ?? {});
  if (shards.length === 0 || Object.hasOwn(fleet, 'tenants')) return false;
  // Rules that name schemas themselves need none.
  if (fleet.expose?.some((rule) => !/\{(tenant|schema)\}/.test(rule?.from ?? '{schema}'))) return false;
  return shards.every((shard) => shard !== undefined && isEmptyList(shard));
}

function isEmptyList(shard: { readonly tenants?: readonly unknown[] | undefined }): boolean {
  return Object.hasOwn(shard, 'tenants') ? shard.tenants?.length === 0 : true;
}

function refuseTwins(
  tenants: readonly PlacedTenant[],
  each: ReturnType<typeof tenantIs>,
  reading: Reading,
): void {
  const byName = new Map<string, PlacedTenant>();
  const bySchema = new Map<string, PlacedTenant>();
  for (const tenant of tenants) {
    const place = JSON.stringify([tenant.shard, tenant.schema]);
    const twin = byName.get(tenant.name);
    // In databases of their own, all of them may be called public.
    const neighbour = each === 'database' ? undefined : bySchema.get(place);
    const problem = twin ? sameName(tenant, twin, reading) : neighbour ? sameSchema(tenant, neighbour) : null;
    if (problem !== null) reading.refuse(tenant.path, problem);
    byName.set(tenant.name, twin ?? tenant);
    bySchema.set(place, neighbour ?? tenant);
  }
}

function sameName(tenant: PlacedTenant, twin: PlacedTenant, reading: Reading): string {
  if (twin.path === QUERY)
    return twin.shard === tenant.shard
      ? `tenant ${tenant.shown} stands in two rows, both on shard ${tenant.shard}`
      : `tenant ${tenant.shown} stands in two rows, on shards ${twin.shard} and ${tenant.shard}; a tenant lives on exactly one`;
  const line = reading.lineOf(twin.path);
  return twin.shard === tenant.shard
    ? `tenant ${tenant.shown} stands twice on shard ${tenant.shard} (first in line ${line})`
    : `tenant ${tenant.shown} stands on two shards, ${twin.shard} (line ${line}) and ${tenant.shard}; a tenant lives on exactly one`;
}

function sameSchema(tenant: PlacedTenant, neighbour: PlacedTenant): string | null {
  if (tenant.schema === '') return null;
  return `tenants ${neighbour.shown} and ${tenant.shown} would share the schema ${tenant.shownSchema} on shard ${tenant.shard}; put {tenant} into tenant.schema`;
}

import { Secret } from '../../secret.js';
import type { TenantConfig } from '../config.js';
import type { Path } from '../text/document.js';
import type { Names } from '../text/fill.js';
import { checkIdentifier, filledName } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from '../schema/schema.js';
import { databaseUrl } from '../text/url.js';
import type { PostgresAddress } from '../text/url.js';
import type { Loose } from '../schema/validate.js';

/** A database in which tenants of a shard live: the shard's, with all of them, or one tenant's own. */
export interface Place {
  /** Its name as a member. */
  readonly name: string;
  /** The tenant's own database; null for the shard's. */
  readonly database: string | null;
  readonly url: Secret;
  readonly address: PostgresAddress | null;
  readonly tenants: readonly TenantConfig[];
  /** What placeholders stand for there. */
  readonly names: Names;
  /** What it is called in problems. */
  readonly shown: string;
}

/** A shard as its key says it is, and the tenants there. */
export interface WrittenShard {
  readonly key: string;
  readonly path: Path;
  readonly url: Secret;
  readonly address: PostgresAddress | null;
  readonly tenants: readonly TenantConfig[];
}

/** Whether each tenant has a database of its own (`tenant.database`). */
export const tenantIs = (fleet: Loose<FleetFile>): 'schema' | 'database' =>
  fleet.tenant?.database === undefined ? 'schema' : 'database';

/** The databases of a shard, in the order of its tenants; one, where tenants are schemas. */
export function placesOf(
  fleet: Loose<FleetFile>,
  { key, url, address, tenants }: WrittenShard,
  reading: Reading,
): readonly Place[] {
  const pattern = fleet.tenant?.database;
  if (pattern === undefined) {
    return [
      { name: key, database: null, url, address, tenants, names: { shard: key }, shown: `shard ${key}` },
    ];
  }
  const taken = new Map<string, string>();
  return tenants.map((tenant) => {
    const names = { tenant: tenant.name, shard: key, schema: tenant.schema };
    const database = filledName(reading, ['tenant', 'database'], pattern, names) ?? '';
    checkIdentifier(reading, ['tenant', 'database'], `the database of tenant ${tenant.name}`, database);
    const isOwn = database !== '' && !isShared(taken, database, tenant.name, reading);
    return {
      name: `${key}/${tenant.name}`,
      database,
      url: address === null ? url : new Secret(databaseUrl(url.reveal(), database)),
      address: address === null || !isOwn ? null : { ...address, dbname: database },
      tenants: [tenant],
      names,
      shown: `tenant ${tenant.name}`,
    };
  });
}

function isShared(taken: Map<string, string>, database: string, tenant: string, reading: Reading): boolean {
  const other = taken.get(database);
  taken.set(database, other ?? tenant);
  if (other === undefined) return false;
  const path = ['tenant', 'database'];
  reading.refuse(path, `tenants ${other} and ${tenant} would share one database; put {tenant} into it`);
  return true;
}

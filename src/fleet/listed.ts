import type { Config, TenantRow } from '../config/config.js';
import { listTenants } from '../config/text/edit-tenants.js';
import type { FleetSource } from '../config/load/load-config.js';

/** The fleet as it is once tenants are listed, or are listed no more; `text` null: their list is not in the file. */
export interface Edited {
  readonly config: Config;
  readonly text: string | null;
}

/** The fleet as it is with further tenants of a shard. Throws a ConfigError (exit 78) where that would not be a fleet. */
export function listed(source: FleetSource, config: Config, shard: string, names: readonly string[]): Edited {
  const text = config.tenantQuery === null ? listTenants(source.text, shard, names) : null;
  const rows = [...rowsOf(config), ...names.map((tenant) => ({ tenant, shard }))];
  const edited = source.read(text === null ? { tenants: rows } : { text });
  const unlisted = config.unlisted.filter(({ name }) => edited.shards.every((shard) => shard.name !== name));
  return { config: { ...edited, unlisted }, text };
}

/** The tenants of a fleet as a query answers them. */
export const rowsOf = ({ shards }: Config): TenantRow[] =>
  shards.flatMap(({ tenants }) => tenants.map(({ name, shard }) => ({ tenant: name, shard })));

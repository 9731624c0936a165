import type { Secret } from '../../secret.js';
import type { ShardConfig, TenantConfig } from '../config.js';
import { filled } from './reading.js';
import type { Reading } from './reading.js';
import { placesOf, type WrittenShard } from './resolve-places.js';
import { resolveUserMappings } from './resolve-roles.js';
import { resolveServer } from './resolve-server.js';
import { resolveTenants } from './resolve-tenants.js';
import { addMember, resolveRole, resolveUrl } from './resolve-veneers.js';
import type { MemberAddress } from './resolve-veneers.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

/** The shards of shards.yaml as the members that they are. */
export interface ResolvedShards {
  /** The members, in the order of the file. */
  readonly shards: readonly ShardConfig[];
  readonly addresses: readonly MemberAddress[];
  /** By key: the shards' urls as they are written. */
  readonly servers: ReadonlyMap<string, Secret>;
}

/** The shards in the order of the file, or the databases of their tenants, and where they are. */
export function resolveShards(fleet: Loose<FleetFile>, reading: Reading): ResolvedShards {
  const keys = reading.keysOf(['shards']);
  if (keys.length === 0 && fleet.shards !== undefined) {
    reading.refuse(['shards'], 'an empty fleet: expected at least one shard');
  }
  const tenants = resolveTenants(fleet, keys, reading);
  const addresses: MemberAddress[] = [];
  const taken = new Map<string, string>();
  const written = keys.map((key) => resolveShard(fleet, key, tenants, reading));
  const shards = written.flatMap((shard) =>
    placesOf(fleet, shard, reading).map(({ address, names, shown, ...place }): ShardConfig => {
      if (address !== null) addMember(reading, addresses, { path: [...shard.path, 'url'], address });
      return {
        ...place,
        key: shard.key,
        setRole: resolveRole(reading, ['tenant', 'role'], fleet.tenant?.role, names),
        server: resolveServer({ fleet, shard: shard.key, names, shown, address, taken }, reading),
        userMappings: resolveUserMappings(fleet, { names, shown }, reading),
      };
    }),
  );
  return { shards, addresses, servers: new Map(written.map(({ key, url }) => [key, url])) };
}

function resolveShard(
  fleet: Loose<FleetFile>,
  key: string,
  tenants: readonly TenantConfig[],
  reading: Reading,
): WrittenShard {
  const path = ['shards', key];
  if (key === '') reading.refuse(path, 'a shard without a name', 'key');
  const at = [...path, 'url'];
  const text = filled(reading, at, fleet.shards?.[key]?.url, { shard: key });
  return {
    key,
    path,
    ...resolveUrl(reading, at, text),
    tenants: tenants.filter(({ shard }) => shard === key),
  };
}

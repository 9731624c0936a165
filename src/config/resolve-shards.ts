import type { ShardConfig } from './config.js';
import { filled } from './reading.js';
import type { Reading } from './reading.js';
import { resolveUserMappings } from './resolve-roles.js';
import { resolveServer } from './resolve-server.js';
import { resolveTenants } from './resolve-tenants.js';
import { addMember, resolveRole, resolveUrl } from './resolve-veneers.js';
import type { MemberAddress } from './resolve-veneers.js';
import type { FleetFile } from './schema.js';
import type { Loose } from './validate.js';

/** The shards in the order of the file, and where they are. */
export function resolveShards(
  fleet: Loose<FleetFile>,
  reading: Reading,
): { shards: readonly ShardConfig[]; addresses: readonly MemberAddress[] } {
  const names = reading.keysOf(['shards']);
  if (names.length === 0 && fleet.shards !== undefined) {
    reading.refuse(['shards'], 'an empty fleet: expected at least one shard');
  }
  const tenants = resolveTenants(fleet, names, reading);
  const addresses: MemberAddress[] = [];
  const servers = new Map<string, string>();
  const shards = names.map((name): ShardConfig => {
    if (name === '') reading.refuse(['shards', name], 'a shard without a name', 'key');
    const at = ['shards', name, 'url'];
    const { url, address } = resolveUrl(
      reading,
      at,
      filled(reading, at, fleet.shards?.[name]?.url, { shard: name }),
    );
    if (address !== null) addMember(reading, addresses, { path: at, address });
    return {
      name,
      url,
      setRole: resolveRole(reading, ['tenant', 'role'], fleet.tenant?.role, { shard: name }),
      server: resolveServer({ fleet, shard: name, address, servers }, reading),
      tenants: tenants.filter((tenant) => tenant.shard === name),
      userMappings: resolveUserMappings(fleet, name, reading),
    };
  });
  return { shards, addresses };
}

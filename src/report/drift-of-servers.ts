import type { PresentPrivileges, WantedPrivileges } from '../catalog/read-privileges.js';
import type { PresentMapping, PresentServer } from '../catalog/read-servers.js';
import type { ShardConfig } from '../config/config.js';
import { optionChanges } from '../veneer/options.js';
import { grantStatements } from '../veneer/privileges.js';
import { compareMapping } from '../veneer/servers.js';
import type { Drift } from './drift.js';

const CURE = 'migrate setup';

/** The server of a shard on a veneer, against shards.yaml. Pure. */
export function serverDrift(veneer: string, shard: ShardConfig, present: PresentServer | undefined): Drift[] {
  const where = { veneer, shard: shard.name };
  const object = `server ${shard.server.name}`;
  if (present === undefined) {
    return [
      {
        kind: 'server',
        grade: 'invisible',
        where,
        object,
        text: 'it does not exist on the veneer',
        consequence: 'nothing of this shard can be shown',
        cure: CURE,
      },
    ];
  }
  return optionChanges(present.options, shard.server.options).map((change) => ({
    kind: 'server' as const,
    grade: 'error' as const,
    where,
    object: `${object}, option ${change.name}`,
    text: `${present.options[change.name] ?? 'not set'} on the veneer, ${shard.server.options[change.name] ?? 'not set'} in shards.yaml`,
    consequence: 'the veneer connects in another way than shards.yaml says',
    cure: CURE,
  }));
}

/** User mappings against shards.yaml; what cannot be read is no drift, and no proof of order either. Pure. */
export function mappingDrift(
  veneer: string,
  shard: ShardConfig,
  present: readonly PresentMapping[],
): Drift[] {
  return shard.userMappings.flatMap((wanted): Drift[] => {
    const mapping = present.find((one) => one.server === shard.server.name && one.role === wanted.role);
    const state = compareMapping(wanted, mapping);
    if (state === 'same' || state === 'unreadable') return [];
    return [
      {
        kind: 'user mapping',
        grade: 'error',
        where: { veneer, shard: shard.name },
        object: `user mapping for ${wanted.role} on ${shard.server.name}`,
        text:
          state === 'missing' ? 'it does not exist' : 'its user or password is not the one of shards.yaml',
        consequence: `every query of ${wanted.role} that reaches this shard ${state === 'missing' ? 'fails' : 'may fail, or run as another user'}`,
        cure: CURE,
      },
    ];
  });
}

/** Grants that roles lack in the schemas of tenants. Pure. */
export function privilegeDrift(
  place: Drift['where'],
  wanted: readonly WantedPrivileges[],
  present: readonly PresentPrivileges[],
  options: { readonly sequences: boolean },
): Drift[] {
  const byKey = new Map(present.map((row) => [`${row.role} ${row.schema}`, row]));
  return wanted.flatMap((want): Drift[] => {
    const statements = grantStatements(want, byKey.get(`${want.role} ${want.schema}`), options);
    if (statements.length === 0) return [];
    return [
      {
        kind: 'privileges',
        grade: 'error',
        where: place,
        object: `schema ${want.schema} for ${want.role}`,
        text: `missing: ${statements.join('; ')}`,
        consequence: `statements of ${want.role} fail there: permission denied`,
        cure: CURE,
      },
    ];
  });
}

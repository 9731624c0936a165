import type { PresentPrivileges, WantedPrivileges } from '../../catalog/read-privileges.js';
import type { PresentMapping, PresentServer } from '../../catalog/relations/read-servers.js';
import type { ShardConfig } from '../../config/config.js';
import { optionChanges } from '../../veneer/tables/options.js';
import { grantStatements } from '../../veneer/dependents/privileges.js';
import { compareMapping } from '../../veneer/servers.js';
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
        grade: 'error',
        where,
        object,
        text: 'it does not exist on the veneer',
        consequence: 'nothing of this shard can be shown: queries of it fail',
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

/** What became of reading one foreign table of a server as one role. */
export interface MappingProbe {
  readonly server: string;
  readonly role: string;
  readonly works: 'yes' | 'no' | 'not probed';
  /** PostgreSQL's message, or why it was not probed. */
  readonly why: string | null;
}

/** Why a mapping was not probed that nobody needs yet. */
export const NOTHING_SHOWN = 'nothing of the shard is shown';

/** One user mapping of shards.yaml: is it what is written there, and does it work? */
export interface MappingStatus {
  readonly veneer: string;
  readonly shard: string;
  readonly role: string;
  readonly definition: 'same' | 'different' | 'missing' | 'not readable';
  readonly works: MappingProbe['works'];
  readonly why: string | null;
}

/** The user mappings of a shard's server on a veneer; what cannot be read is neither drift nor in order. Pure. */
export function mappingsOf(
  veneer: string,
  { name, server, userMappings }: ShardConfig,
  present: readonly PresentMapping[],
  probes: readonly MappingProbe[],
): MappingStatus[] {
  return userMappings.map((wanted) => {
    const isIts = (one: { readonly server: string; readonly role: string }): boolean =>
      one.server === server.name && one.role === wanted.role;
    const { works, why } = probes.find(isIts) ?? { works: 'not probed', why: 'nobody asked' };
    const definition = compareMapping(wanted, present.find(isIts));
    return { veneer, shard: name, role: wanted.role, definition, works, why };
  });
}

/** Mappings that are not as shards.yaml says, or by which nothing can be read. Pure. */
export function mappingDrift(mapping: MappingStatus, server: string): Drift[] {
  const { veneer, shard, role, definition, works, why } = mapping;
  const found = (text: string, suffers: string, cure: string): Drift[] => [
    {
      kind: 'user mapping',
      grade: 'error',
      where: { veneer, shard },
      object: `user mapping for ${role} on ${server}`,
      text,
      consequence: `every query of ${role} that reaches this shard ${suffers}`,
      cure,
    },
  ];
  if (definition === 'missing') return found('it does not exist', 'fails', CURE);
  if (definition === 'different')
    return found(
      'its user or password is not the one of shards.yaml',
      works === 'no' ? `fails: ${why}` : 'may fail, or run as another user',
      CURE,
    );
  if (works !== 'no') return [];
  // What setup cannot read it sets again.
  const cure =
    definition === 'not readable'
      ? CURE
      : `mend the role ${role} in shards.yaml, or its user on ${shard}; then migrate setup`;
  return found(`a read by it fails: ${why}`, 'fails', cure);
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

import { readExtensions, type ExtensionState } from '../../catalog/read-extensions.js';
import { readTypes } from '../../catalog/types/read-types.js';
import type { UserType } from '../../catalog/types/type.js';
import type { Config } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import { inReadOnly } from '../../postgres/transaction.js';
import type { Drift } from '../../report/drift/drift.js';
import { typeDrift } from '../../report/drift/drift-of-types.js';
import { isMade } from '../../veneer/types/create-type.js';
import type { ExposedRelation } from '../../veneer/exposure/definition.js';
import { exposureOf, homeOf, type Exposure } from '../../veneer/exposure/exposure.js';
import { neededExtensions, placesOf, type NeededExtension } from '../../veneer/extensions.js';
import { mapColumns, mapTypes, type TypeNaming } from '../../veneer/exposure/map-types.js';
import { placedNaming } from '../../veneer/exposure/type-names.js';
import type { ShardFacts } from './facts.js';

/** What a shard shows, with the types of that. */
export type ShownTypes = Pick<ShardFacts, 'shard' | 'exposed' | 'types'>;

/** What stands on a veneer for the types that its shards use. */
export interface VeneerTypes {
  readonly present: readonly UserType[];
  readonly extensions: readonly ExtensionState[];
}

/** Two queries per veneer; nothing is asked where no relation has a type of its own. */
export async function readVeneerTypes(session: Session, shards: readonly ShownTypes[]): Promise<VeneerTypes> {
  const needed = shards.flatMap((facts) => neededOf(facts).map(({ name }) => name));
  if (needed.length === 0 && shards.every(({ types }) => types.length === 0))
    return { extensions: [], present: [] };
  return inReadOnly(session, async () => {
    const extensions = await readExtensions(session, [...new Set(needed)]);
    const naming = placedNaming(placesOf(extensions, []));
    const names = shards.flatMap(({ types }) => mapTypes(types, naming).filter(isMade));
    return { extensions, present: await readTypes(session, { names }) };
  });
}

const neededOf = ({ exposed, types }: ShownTypes): NeededExtension[] =>
  neededExtensions(
    (exposed ?? []).map(({ definition }) => definition),
    types,
  );

/** The drift of a shard's types on one veneer. Pure. */
export function typesDrift(config: Config, veneer: string, facts: ShownTypes, there: VeneerTypes): Drift[] {
  const exposure = exposureOf(config, facts.shard);
  return typeDrift({
    shard: facts.shard.name,
    veneer,
    wanted: mapTypes(facts.types, namingOn(there)),
    present: there.present,
    needed: neededOf(facts),
    extensions: there.extensions,
    listed: config.extensions,
    tenants: tenantsByHome(exposure),
  });
}

const namingOn = ({ extensions }: VeneerTypes): TypeNaming => placedNaming(placesOf(extensions, []));

const tenantsByHome = (exposure: Exposure): ReadonlyMap<string, string> =>
  new Map(
    [...exposure.tenants.values()].flatMap((tenant) => {
      const { schema, isOwn } = homeOf(exposure, tenant);
      return isOwn ? [[schema, tenant.name] as const] : [];
    }),
  );

/** Relations with the types of extensions named as the veneer has them. Pure. */
export const placedOn = (there: VeneerTypes, exposed: readonly ExposedRelation[]): ExposedRelation[] => {
  const naming = namingOn(there);
  return exposed.map(({ relation, definition }) => ({
    relation: { ...relation, columns: mapColumns(relation.columns, naming) },
    definition: { ...definition, columns: mapColumns(definition.columns, naming) },
  }));
};

import { readExtensions } from '../../catalog/read-extensions.js';
import type { Config } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import {
  extensionRules,
  missingExtensions,
  neededExtensions,
  placesOf,
  type NeededExtension,
} from '../../veneer/extensions.js';
import { mapTypes } from '../../veneer/exposure/map-types.js';
import { knownOn } from '../../veneer/exposure/supported-types.js';
import { placedNaming } from '../../veneer/exposure/type-names.js';
import { reachedFrom, type ShardTypes } from '../shard/shard-types.js';
import type { TypesOfShard } from './wanted-types.js';

/** The extensions to be made, and the types as the veneer knows them: those of extensions where it has the extension. */
export async function placeTypes(
  config: Config,
  veneer: Session,
  shards: readonly TypesOfShard[],
): Promise<{
  readonly extensions: readonly NeededExtension[];
  readonly placed: readonly TypesOfShard[];
}> {
  const needed = shards.flatMap(({ definitions, types }) =>
    neededExtensions(definitions, reachedFrom(types.types, types.used)),
  );
  const states = await readExtensions(veneer, [...new Set(needed.map(({ name }) => name))]);
  const extensions = missingExtensions(veneer.member, needed, states, extensionRules(config));
  const naming = placedNaming(placesOf(states, extensions));
  const known = (types: ShardTypes): ShardTypes => ({
    ...types,
    types: mapTypes(knownOn(types.types, veneer.server.version), naming),
  });
  return { extensions, placed: shards.map((one) => ({ ...one, types: known(one.types) })) };
}

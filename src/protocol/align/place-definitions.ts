import { readExtensions } from '../../catalog/read-extensions.js';
import type { Session } from '../../postgres/session.js';
import type { Definition } from '../../veneer/exposure/definition.js';
import { neededExtensions, placesOf, type NeededExtension } from '../../veneer/extensions.js';
import { mapColumns } from '../../veneer/exposure/map-types.js';
import { placedNaming } from '../../veneer/exposure/type-names.js';

/** Definitions with the types of extensions named as this veneer has them: an extension may have any
 * schema there; `created`: those that are still to be made. */
export async function placeDefinitions(
  veneer: Session,
  definitions: readonly Definition[],
  created: readonly NeededExtension[] = [],
): Promise<readonly Definition[]> {
  const names = neededExtensions(definitions, []).map(({ name }) => name);
  if (names.length === 0) return definitions;
  const naming = placedNaming(placesOf(await readExtensions(veneer, names), created));
  return definitions.map((definition) => ({
    ...definition,
    columns: mapColumns(definition.columns, naming),
  }));
}

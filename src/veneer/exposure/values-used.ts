import { copiedDefault } from '../../catalog/relations/relation.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Definition } from './definition.js';

/**
 * By nameKey of a type: its values that the defaults of these definitions name, on a veneer of this version. Pure.
 */
export function valuesUsed(
  definitions: readonly Definition[],
  version: number,
): ReadonlyMap<string, ReadonlySet<string>> {
  const used = new Map<string, Set<string>>();
  for (const { columns } of definitions) {
    for (const column of columns) {
      const { constants = [] } = copiedDefault(column, version) ?? {};
      if (column.userType === null || constants.length === 0) continue;
      const key = nameKey(column.userType);
      used.set(key, new Set([...(used.get(key) ?? []), ...constants]));
    }
  }
  return used;
}

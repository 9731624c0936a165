import { remoteOf, type ForeignTable } from '../../catalog/relations/relation.js';
import type { Rename } from '../../catalog/relations/renames.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Definition } from '../exposure/definition.js';

/** A rename on the shard, with the name under which veneers showed the relation before. */
export interface ExposedRename extends Rename {
  readonly was: QualifiedName;
}

/** A foreign table and what it should be. */
export interface TablePair {
  readonly table: ForeignTable;
  readonly definition: Definition;
  readonly rename: ExposedRename | null;
}

/**
 * Pairs what is with what should be: a table whose relation was renamed with its new definition, any other by its
 * name. Never by the remote name alone: a second foreign table that somebody made over the same relation is theirs,
 * and keeps its name. Pure.
 */
export function pairTables(
  wanted: readonly Definition[],
  present: readonly ForeignTable[],
  renames: readonly ExposedRename[],
): TablePair[] {
  const renameOf = new Map(renames.map((rename) => [pairKey(rename.from, rename.was), rename]));
  const byRemote = new Map(wanted.map((definition) => [nameKey(definition.remote), definition]));
  const byName = new Map(wanted.map((definition) => [nameKey(definition), definition]));
  const free = new Set(wanted);
  const pairs = new Map<ForeignTable, TablePair>();
  const pair = (
    table: ForeignTable,
    definition: Definition | undefined,
    rename: ExposedRename | null,
  ): void => {
    if (definition?.server !== table.server || !free.delete(definition)) return;
    pairs.set(table, { table, definition, rename });
  };
  for (const table of present) {
    const rename = renameOf.get(pairKey(remoteOf(table), table));
    if (rename !== undefined) pair(table, byRemote.get(nameKey(rename.to)), rename);
  }
  for (const table of present) if (!pairs.has(table)) pair(table, byName.get(nameKey(table)), null);
  return [...pairs.values()];
}

const pairKey = (remote: QualifiedName, shown: QualifiedName): string =>
  `${nameKey(remote)}\0${nameKey(shown)}`;

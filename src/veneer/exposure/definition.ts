import {
  remoteOf,
  type Column,
  type ForeignTableHead,
  type Relation,
} from '../../catalog/relations/relation.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import { isNamed, isShownAs, shownAs, type Exposure, type Partition } from './exposure.js';
import { mapColumns } from './map-types.js';
import { exposedNaming } from './type-names.js';

/** What a foreign table must look like: what IMPORT FOREIGN SCHEMA would make of the relation. */
export interface Definition extends QualifiedName {
  readonly server: string;
  readonly remote: QualifiedName;
  /** In the shard's order. A column's remote name is its name. */
  readonly columns: readonly Column[];
  /** Null for a relation of the shard itself. */
  readonly tenant: string | null;
  /** What it is attached to on the veneer as a partition, by rule. */
  readonly partition: Partition | null;
}

/** A relation of a shard with what its foreign table must look like. */
export interface ExposedRelation {
  /** With its types as the veneer names them. */
  readonly relation: Relation;
  readonly definition: Definition;
}

/** The definitions of a shard's relations, those that no rule exposes left out. Pure. */
export function exposeRelations(exposure: Exposure, relations: readonly Relation[]): ExposedRelation[] {
  const naming = exposedNaming(exposure);
  return relations.flatMap((relation) => {
    if (relation.isPartition && !isNamed(exposure, relation)) return [];
    const shown = shownAs(exposure, relation);
    if (shown === null) return [];
    const columns = mapColumns(relation.columns, naming);
    const definition: Definition = {
      ...shown.name,
      server: exposure.server,
      remote: { schema: relation.schema, name: relation.name },
      columns,
      tenant: shown.tenant?.name ?? null,
      partition: shown.partition,
    };
    return [{ relation: { ...relation, columns }, definition }];
  });
}

/**
 * Is a foreign table one that a rule makes: does it show a relation of this shard under the very name that the rules
 * give it? Nothing is recorded about ours; every other table on our servers was made by somebody else. Pure.
 */
export const isOurs = (exposure: Exposure, table: ForeignTableHead): boolean =>
  isShownAs(shownAs(exposure, remoteOf(table)), table);

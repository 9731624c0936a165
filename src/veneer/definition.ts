import { remoteOf, type Column, type ForeignTable, type Relation } from '../catalog/relation.js';
import { EXIT, VeneerError } from '../errors.js';
import { display, type QualifiedName } from '../postgres/identifiers.js';
import { isNamed, isShownAs, shownAs, type Exposure, type Partition } from './exposure.js';

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

export interface ExposedRelation {
  readonly relation: Relation;
  readonly definition: Definition;
}

/** The definitions of a shard's relations, those that no rule exposes left out. Pure. */
export function exposeRelations(exposure: Exposure, relations: readonly Relation[]): ExposedRelation[] {
  return relations.flatMap((relation) => {
    if (relation.isPartition && !isNamed(exposure, relation)) return [];
    const shown = shownAs(exposure, relation);
    if (shown === null) return [];
    const definition: Definition = {
      ...shown.name,
      server: exposure.server,
      remote: { schema: relation.schema, name: relation.name },
      columns: relation.columns,
      tenant: shown.tenant?.name ?? null,
      partition: shown.partition,
    };
    return [{ relation, definition }];
  });
}

/**
 * Is a foreign table one that a rule makes: does it show a relation of this shard under the very name that the rules
 * give it? Nothing is recorded about ours; every other table on our servers was made by somebody else. Pure.
 */
export const isOurs = (exposure: Exposure, table: ForeignTable): boolean =>
  isShownAs(shownAs(exposure, remoteOf(table)), table);

/** Does this version know how to bring the relation to a veneer? */
export const isSupported = ({ relation }: ExposedRelation): boolean =>
  relation.columns.every((column) => !column.userType);

/** Throws (exit 20), by name, where a relation needs something on the veneer that this version cannot bring there. */
export function refuseUnsupported(member: string, exposed: readonly ExposedRelation[]): void {
  const columns = exposed.flatMap(({ relation, definition }) =>
    relation.columns
      .filter((column) => column.userType)
      .map((column) => ({
        tenant: definition.tenant,
        text: `${display(relation)}.${column.name} (${column.type})`,
      })),
  );
  const [first] = columns;
  if (first === undefined) return;
  throw new VeneerError(
    `a veneer cannot show a column of a user-defined type yet: ${listed(columns.map((c) => c.text))}`,
    {
      exitCode: EXIT.failed,
      where: { member, ...(first.tenant === null ? {} : { tenant: first.tenant }) },
      hint: 'use a type of pg_catalog, or leave the relation out by expose … except',
    },
  );
}

const listed = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

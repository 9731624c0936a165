import { remoteOf, type Column, type ForeignTable, type Relation } from '../catalog/relation.js';
import type { ExposeRule, TenantConfig } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import { display, nameKey, type QualifiedName } from '../postgres/identifiers.js';
import { exposedName } from './exposure.js';

/** What a foreign table must look like: what IMPORT FOREIGN SCHEMA would make of the relation. */
export interface Definition extends QualifiedName {
  readonly server: string;
  readonly remote: QualifiedName;
  /** In the shard's order. A column's remote name is its name. */
  readonly columns: readonly Column[];
  readonly tenant: string;
}

/** Tenants by their schema on one shard. */
export type TenantsBySchema = ReadonlyMap<string, TenantConfig>;

export const tenantsBySchema = (tenants: readonly TenantConfig[]): TenantsBySchema =>
  new Map(tenants.map((tenant) => [tenant.schema, tenant]));

export interface ExposedRelation {
  readonly relation: Relation;
  readonly definition: Definition;
}

/** The definitions of a shard's relations, those that no rule exposes left out. Pure. */
export function exposeRelations(
  rules: readonly ExposeRule[],
  server: string,
  tenants: TenantsBySchema,
  relations: readonly Relation[],
): ExposedRelation[] {
  return relations.flatMap((relation) => {
    const tenant = tenants.get(relation.schema);
    const name = tenant === undefined ? null : exposedName(rules, tenant, relation);
    if (tenant === undefined || name === null) return [];
    const remote = { schema: relation.schema, name: relation.name };
    return [
      { relation, definition: { ...name, server, remote, columns: relation.columns, tenant: tenant.name } },
    ];
  });
}

/**
 * Is a foreign table one that a rule makes: does it show a relation of these tenants under the very name that the
 * rules give it? Nothing is recorded about ours; every other table on our servers was made by somebody else. Pure.
 */
export function isOurs(rules: readonly ExposeRule[], tenants: TenantsBySchema, table: ForeignTable): boolean {
  const remote = remoteOf(table);
  const tenant = tenants.get(remote.schema);
  const name = tenant === undefined ? null : exposedName(rules, tenant, remote);
  return name !== null && nameKey(name) === nameKey(table);
}

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
      where: { member, tenant: first.tenant },
      hint: 'use a type of pg_catalog, or leave the relation out by expose … except',
    },
  );
}

const listed = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

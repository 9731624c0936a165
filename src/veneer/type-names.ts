import type { TypeRef } from '../catalog/type.js';
import type { ExposeRule, TenantConfig } from '../config/config.js';
import type { QualifiedName } from '../postgres/identifiers.js';
import { exposedSchemaOf } from './exposure.js';

type TenantsBySchema = ReadonlyMap<string, TenantConfig>;

/**
 * The name on a veneer of a type of a shard. One in a tenant's schema goes where the tenant's relations are shown,
 * under its own name; where that schema is not the tenant's alone, `<tenant>_<type>`, so that two tenants' types do
 * not meet. One in any other schema keeps its name: it is shared by all who use it. Pure.
 */
export function exposedTypeName(
  rules: readonly ExposeRule[],
  tenants: TenantsBySchema,
  type: QualifiedName,
): QualifiedName {
  const tenant = tenants.get(type.schema);
  if (tenant === undefined) return { schema: type.schema, name: type.name };
  const { schema, isOwn } = exposedSchemaOf(rules, tenant);
  return { schema, name: isOwn ? type.name : `${tenant.name}_${type.name}` };
}

/** The same for a reference; an extension's type is placed later, by where the veneer has the extension. Pure. */
export const exposedRef = (rules: readonly ExposeRule[], tenants: TenantsBySchema, ref: TypeRef): TypeRef =>
  ref.extension === null ? { ...ref, ...exposedTypeName(rules, tenants, ref) } : ref;

/** Does a type of a shard belong to one tenant alone? */
export const isTenantType = (tenants: TenantsBySchema, { schema }: QualifiedName): boolean =>
  tenants.has(schema);

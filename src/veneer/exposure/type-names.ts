import type { QualifiedName } from '../../postgres/identifiers.js';
import { homeOf, type Exposure } from './exposure.js';
import type { TypeNaming } from './map-types.js';

/**
 * The name on a veneer of a type of a shard. One in a tenant's schema goes where the tenant's relations are shown,
 * under its own name; where that schema is not the tenant's alone, `<tenant>_<type>`, so that two tenants' types do
 * not meet. One in any other schema keeps its name: it is shared by all who use it. Pure.
 */
export function exposedTypeName(exposure: Exposure, { schema, name }: QualifiedName): QualifiedName {
  const tenant = exposure.tenants.get(schema);
  if (tenant === undefined) return { schema, name };
  const home = homeOf(exposure, tenant);
  return { schema: home.schema, name: home.isOwn ? name : `${tenant.name}_${name}` };
}

/** The same for all types; an extension's is placed later, by where a veneer has the extension. */
export const exposedNaming =
  (exposure: Exposure): TypeNaming =>
  (type) =>
    type.extension === null ? exposedTypeName(exposure, type) : type;

/** The schemas of a veneer that belong to one tenant each: a type there is no other tenant's. Pure. */
export const ownSchemas = (exposures: readonly Exposure[]): ReadonlySet<string> =>
  new Set(
    exposures
      .flatMap((exposure) => [...exposure.tenants.values()].map((tenant) => homeOf(exposure, tenant)))
      .flatMap(({ schema, isOwn }) => (isOwn ? [schema] : [])),
  );

/** Types of extensions as a veneer has them; `schemas`: the extension's schema there. */
export const placedNaming =
  (schemas: ReadonlyMap<string, string>): TypeNaming =>
  (type) => ({
    schema: (type.extension === null ? undefined : schemas.get(type.extension)) ?? type.schema,
    name: type.name,
  });

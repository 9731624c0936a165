import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { didYouMean } from '../../config/text/nearest.js';
import { EXIT, VeneerError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { display, nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import { localsNamed } from './why-locals.js';
import type { TypedName } from './why-names.js';
import { allTargets, guessedTargets, namesOfTarget, type WhyNames, type WhyTarget } from './why-targets.js';
import type { WhyLocal } from '../why.js';

/** What a name turned out to be. */
export interface Meant {
  readonly kind: 'tenant' | 'relation';
  /** The tenant that is meant; null: a relation is. */
  readonly tenant: string | null;
  readonly targets: readonly WhyTarget[];
  readonly locals: readonly WhyLocal[];
}

/**
 * A tenant of that name, else the relations of shards and veneers that bear it: of what may be meant, the first that is there. Null:
 * nobody who was asked knows it. Pure.
 */
export function meantBy(config: Config, names: WhyNames, typed: TypedName): Meant | null {
  const tenants = config.shards.flatMap((shard) => shard.tenants);
  const tenant = typed.tenants.find((name) => tenants.some((one) => one.name === name));
  const targets = allTargets(config, names);
  if (tenant !== undefined)
    return { kind: 'tenant', tenant, targets: targets.filter((one) => isOf(one, tenant)), locals: [] };
  const named = groupBy(
    targets.flatMap((target) =>
      [...new Set(namesOfTarget(target).map(nameKey))].map((key) => ({ key, target })),
    ),
    ({ key }) => key,
  );
  for (const wanted of typed.relations) {
    const found = (named.get(nameKey(wanted)) ?? []).map(({ target }) => target);
    const locals = localsNamed(names, targets, wanted);
    if (found.length + locals.length > 0) return { kind: 'relation', tenant: null, targets: found, locals };
  }
  return guessed(config, names, typed.relations);
}

/** By the schema of a tenant whose shard was not read. */
function guessed(config: Config, names: WhyNames, relations: readonly QualifiedName[]): Meant | null {
  const targets = relations
    .map((wanted) => guessedTargets(config, names, wanted))
    .find(({ length }) => length > 0);
  return targets === undefined ? null : { kind: 'relation', tenant: null, targets, locals: [] };
}

const isOf = ({ shard, remote }: WhyTarget, tenant: string): boolean =>
  shard.tenants.some(({ name, schema }) => name === tenant && schema === remote.schema);

/** The tenant with the member that it lives in. Pure. */
export const homesOf = (
  { shards }: Config,
  names: ReadonlySet<string>,
): { readonly tenant: TenantConfig; readonly shard: ShardConfig }[] =>
  shards.flatMap((shard) =>
    shard.tenants.filter(({ name }) => names.has(name)).map((tenant) => ({ tenant, shard })),
  );

/** The error (exit 64) for a name that is nowhere; it names the nearest one that is known. */
export function unknownName(config: Config, names: WhyNames, name: string): VeneerError {
  const targets = allTargets(config, names);
  const tenants = config.shards.flatMap((shard) => shard.tenants.map((tenant) => tenant.name));
  const relations = targets.flatMap((target) => namesOfTarget(target).map(display));
  const alike = [...new Set(relations.filter((one) => one.endsWith(`.${name}`)))];
  return new VeneerError(
    `no tenant and no relation of this fleet is called ${name}${didYouMean(name, [...new Set([...tenants, ...relations])])}`,
    {
      exitCode: EXIT.usage,
      hint:
        alike.length === 0
          ? `give a tenant, or a relation with its schema, as "My Schema"."My Table" where it has capitals${tenantsText(tenants)}`
          : `give it with its schema: ${alike.slice(0, 6).join(', ')}${alike.length > 6 ? ', …' : ''}`,
    },
  );
}

const tenantsText = (tenants: readonly string[]): string =>
  tenants.length === 0
    ? ''
    : `; tenants: ${tenants.slice(0, 12).join(', ')}${tenants.length > 12 ? ', …' : ''}`;

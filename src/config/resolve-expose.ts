import type { ExposeRule, PartitionRule, ShardConfig, TenantConfig } from './config.js';
import type { Path } from './document.js';
import { unknownPlaceholder } from './fill.js';
import { capturesOf, fillPattern, PATTERN_NAMES } from './pattern.js';
import { checkSchema } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from './schema.js';
import type { Loose } from './validate.js';

/** The rule of a fleet that has none: every relation of a tenant, in the schema named after the tenant. */
export const DEFAULT_EXPOSE: ExposeRule = {
  from: '{schema}.{table}',
  as: '{tenant}.{table}',
  except: [],
  partition: null,
  union: null,
};

/** The rules in the order of the file; checked against all tenants. */
export function resolveExpose(
  fleet: Loose<FleetFile>,
  shards: readonly Pick<ShardConfig, 'name' | 'tenants'>[],
  reading: Reading,
): readonly ExposeRule[] {
  const tenants = shards.flatMap(({ name, tenants: own }) =>
    own.map((tenant) => ({ ...tenant, member: name })),
  );
  if (fleet.expose === undefined) return [DEFAULT_EXPOSE];
  return checked(
    fleet.expose.map((rule, index) => {
      const from = rule?.from ?? DEFAULT_EXPOSE.from;
      checkPattern(reading, ['expose', index, 'from'], rule?.from, []);
      checkPattern(reading, ['expose', index, 'as'], rule?.as, capturesOf(from));
      return {
        from,
        as: rule?.as ?? from,
        except: (rule?.except ?? []).filter((glob) => glob !== undefined),
        partition: resolvePartition(reading, ['expose', index], rule, capturesOf(from)),
        union: resolveUnion(reading, ['expose', index, 'union'], rule, capturesOf(from)),
      };
    }),
    tenants,
    reading,
  );
}

type WrittenRule = NonNullable<NonNullable<Loose<FleetFile>['expose']>[number]>;

/** Both keys or none. The bounds are SQL: only their placeholders are checked. */
function resolvePartition(
  reading: Reading,
  path: Path,
  rule: WrittenRule | undefined,
  captured: readonly string[],
): PartitionRule | null {
  const { partition_of: of, bounds } = rule ?? {};
  if (of === undefined && bounds === undefined) return null;
  if (of === undefined)
    reading.refuse([...path, 'bounds'], 'bounds without partition_of mean nothing', 'key');
  if (bounds === undefined)
    reading.refuse(
      [...path, 'partition_of'],
      'expected bounds beside it: SQL such as IN ({tenant}), or DEFAULT',
    );
  checkPattern(reading, [...path, 'partition_of'], of, captured);
  checkWords(reading, [...path, 'bounds'], bounds ?? '', captured);
  return of === undefined || bounds === undefined ? null : { of, bounds };
}

/** One view for all tenants, or for those of a shard: what differs from tenant to tenant has no place in its name. */
function resolveUnion(
  reading: Reading,
  path: Path,
  rule: WrittenRule | undefined,
  captured: readonly string[],
): string | null {
  const { union, partition_of: parent } = rule ?? {};
  if (union !== undefined && parent !== undefined)
    reading.refuse(path, 'the partitioned table shows all of them already; leave union out', 'key');
  checkPattern(reading, path, union, captured);
  const ownWord = /\{(tenant|schema)\}/.exec(union ?? '');
  if (ownWord !== null)
    reading.refuse(path, `a view over all tenants has one name for all of them, without ${ownWord[0]}`);
  return union ?? null;
}

/** A word of its own in `from` matches any text; it may be used in what follows. */
function checkPattern(
  reading: Reading,
  path: Path,
  pattern: string | undefined,
  captured: readonly string[],
): void {
  if (pattern === undefined) return;
  if (!/^[^.]+\.[^.]+$/.test(pattern)) {
    reading.refuse(path, 'expected schema.relation: a schema, one dot, a relation');
  }
  if (path.at(-1) === 'from') return;
  checkWords(reading, path, pattern, captured);
}

function checkWords(reading: Reading, path: Path, text: string, captured: readonly string[]): void {
  const unknown = capturesOf(text).filter((name) => !captured.includes(name));
  for (const name of unknown) reading.refuse(path, unknownPlaceholder(name, [...PATTERN_NAMES, ...captured]));
}

/** A tenant and the database that it is in. */
interface HousedTenant extends TenantConfig {
  readonly member: string;
}

function checked(
  rules: readonly ExposeRule[],
  tenants: readonly HousedTenant[],
  reading: Reading,
): readonly ExposeRule[] {
  for (const [index, rule] of rules.entries()) {
    const path = ['expose', index, 'as'];
    for (const tenant of tenants) checkVeneerSchema(reading, path, rule, tenant);
    refuseCollision(reading, path, rule, tenants);
  }
  return rules;
}

function checkVeneerSchema(reading: Reading, path: Path, { as }: ExposeRule, tenant: TenantConfig): void {
  const schema = as.split('.')[0] ?? '';
  if (schema.includes('{table}')) return;
  checkSchema(reading, path, 'the schema of a tenant on the veneer', filledFor(schema, tenant));
}

/** Two relations under one name: the veneer could show only one of them. */
function refuseCollision(
  reading: Reading,
  path: Path,
  rule: ExposeRule,
  tenants: readonly HousedTenant[],
): void {
  const shown = new Map<string, { tenant: string; source: string }>();
  const collides = tenants.some((tenant) => {
    const source = JSON.stringify([tenant.member, filledFor(rule.from, tenant)]);
    const name = filledFor(rule.as, tenant);
    const other = shown.get(name);
    shown.set(name, { tenant: tenant.name, source });
    return other !== undefined && other.tenant !== tenant.name && other.source !== source;
  });
  if (collides) reading.refuse(path, 'several tenants would be shown under one name; put {tenant} into it');
}

function filledFor(pattern: string, { name, shard, schema }: TenantConfig): string {
  return fillPattern(pattern, { tenant: name, shard, schema });
}

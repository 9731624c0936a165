import type { ExposeRule, PartitionRule, ShardConfig, TenantConfig } from '../config.js';
import type { Path } from '../text/document.js';
import { unknownPlaceholder } from '../text/fill.js';
import { filledPattern } from './fill-pattern.js';
import { capturesOf, fillPattern, PATTERN_NAMES } from '../text/pattern.js';
import { checkSchema } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

/** The rule of a fleet that has none: every relation of a tenant, in the schema named after the tenant. */
const DEFAULT_EXPOSE: ExposeRule = {
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
    fleet.expose.map((rule, index) => resolveRule(reading, ['expose', index], rule)),
    tenants,
    reading,
  );
}

type WrittenRule = NonNullable<NonNullable<Loose<FleetFile>['expose']>[number]>;

function resolveRule(reading: Reading, path: Path, rule: WrittenRule | undefined): ExposeRule {
  const from = readPattern(reading, [...path, 'from'], rule?.from, null) ?? DEFAULT_EXPOSE.from;
  const captured = capturesOf(from);
  return {
    from,
    as: readPattern(reading, [...path, 'as'], rule?.as, captured) ?? from,
    except: (rule?.except ?? []).flatMap((glob, index) =>
      glob === undefined ? [] : readGlob(reading, [...path, 'except', index], glob, captured),
    ),
    partition: resolvePartition(reading, path, rule, captured),
    union: resolveUnion(reading, [...path, 'union'], rule, captured),
    line: reading.lineOf(path),
  };
}

function readGlob(reading: Reading, path: Path, glob: string, captured: readonly string[]): string {
  const text = filledPattern(reading, path, glob);
  checkWords(reading, path, text, captured);
  return text;
}

/** Both keys or none. The bounds are SQL: only their placeholders are checked, and no variable is filled in. */
function resolvePartition(
  reading: Reading,
  path: Path,
  rule: WrittenRule | undefined,
  captured: readonly string[],
): PartitionRule | null {
  const { bounds } = rule ?? {};
  const of = readPattern(reading, [...path, 'partition_of'], rule?.partition_of, captured);
  if (of === undefined && bounds === undefined) return null;
  if (of === undefined)
    reading.refuse([...path, 'bounds'], 'bounds without partition_of mean nothing', 'key');
  if (bounds === undefined)
    reading.refuse(
      [...path, 'partition_of'],
      'expected bounds beside it: SQL such as IN ({tenant}), or DEFAULT',
    );
  if (bounds?.includes('${') === true)
    reading.refuse(
      [...path, 'bounds'],
      'bounds are SQL, and no variable is filled in; write the value itself',
    );
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
  const union = readPattern(reading, path, rule?.union, captured);
  if (union !== undefined && rule?.partition_of !== undefined)
    reading.refuse(path, 'the partitioned table shows all of them already; leave union out', 'key');
  const ownWord = /\{(tenant|schema)\}/.exec(union ?? '');
  if (ownWord !== null)
    reading.refuse(path, `a view over all tenants has one name for all of them, without ${ownWord[0]}`);
  return union ?? null;
}

/**
 * A pattern with its variables filled in; undefined where none is written. A word of its own in `from` (`captured` null)
 * matches any text; it may be used in what follows.
 */
function readPattern(
  reading: Reading,
  path: Path,
  written: string | undefined,
  captured: readonly string[] | null,
): string | undefined {
  if (written === undefined) return undefined;
  const pattern = filledPattern(reading, path, written);
  if (!/^[^.]+\.[^.]+$/.test(pattern)) {
    reading.refuse(path, 'expected schema.relation: a schema, one dot, a relation');
  }
  if (captured !== null) checkWords(reading, path, pattern, captured);
  return pattern;
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
    refuseSameBounds(reading, ['expose', index, 'bounds'], rule, tenants);
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

/**
 * Several tenants under one parent with the same bounds, word for word: whatever they are, no two partitions may have them.
 * Bounds that only the relation tells are PostgreSQL's to compare. A region does not show its own tenants: of two of one
 * shard both are shown elsewhere.
 */
function refuseSameBounds(
  reading: Reading,
  path: Path,
  { from, partition }: ExposeRule,
  tenants: readonly HousedTenant[],
): void {
  if (partition === null || capturesOf(from).length > 0 || from.includes('{table}')) return;
  const bearers = new Map<string, HousedTenant>();
  for (const tenant of tenants) {
    const place = JSON.stringify([filledFor(partition.of, tenant), filledFor(partition.bounds, tenant)]);
    const other = bearers.get(place) ?? tenant;
    bearers.set(place, other);
    if (filledFor(from, tenant) === filledFor(from, other) && tenant.member === other.member) continue;
    if (isShownWith(reading, tenant, other))
      return reading.refuse(
        path,
        `the partitions of ${other.name} and ${tenant.name} would have the same bounds; put {tenant} into them`,
      );
  }
}

/** Is there a veneer that shows both? */
function isShownWith(reading: Reading, one: HousedTenant, other: HousedTenant): boolean {
  return reading.keysOf(['veneers']).some((veneer) => veneer !== one.member && veneer !== other.member);
}

function filledFor(pattern: string, { name, shard, schema }: TenantConfig): string {
  return fillPattern(pattern, { tenant: name, shard, schema });
}

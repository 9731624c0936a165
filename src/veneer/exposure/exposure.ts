import type { Config, ExposeRule, ShardConfig, TenantConfig } from '../../config/config.js';
import { literal, nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import { fillWords, isFillable, matchesFilled, matchWords, type Words } from './pattern-words.js';

/** What a shard's veneers show of it, and under which names: the rules of shards.yaml in the words of one shard. */
export interface Exposure {
  readonly rules: readonly ExposeRule[];
  /** Its key in shards.yaml. */
  readonly shard: string;
  /** The postgres_fdw server that stands for the shard on its veneers. */
  readonly server: string;
  /** By schema on the shard. */
  readonly tenants: ReadonlyMap<string, TenantConfig>;
}

/** The exposure of a shard; of its selected tenants, where it has only these. */
export const exposureOf = (
  { expose }: Pick<Config, 'expose'>,
  { key, server, tenants }: Pick<ShardConfig, 'key' | 'server' | 'tenants'>,
): Exposure => ({
  rules: expose.length === 0 ? [DEFAULT_EXPOSURE] : expose,
  shard: key,
  server: server.name,
  tenants: new Map(tenants.map((tenant) => [tenant.schema, tenant])),
});

/** Left out in shards.yaml: every relation of a tenant's schema, in the veneer's schema named after the tenant. */
const DEFAULT_EXPOSURE: ExposeRule = {
  from: '{schema}.{table}',
  as: '{tenant}.{table}',
  except: [],
  partition: null,
  union: null,
};

/** How a veneer shows a relation. */
export interface Shown {
  readonly name: QualifiedName;
  /** Whose it is; null for a relation of the shard itself. */
  readonly tenant: TenantConfig | null;
  /** Where it is attached to a partitioned table of the veneer. */
  readonly partition: Partition | null;
  /** The view over all tenants that it is a branch of. */
  readonly union: QualifiedName | null;
}

/** Which table of the veneer a foreign table is a partition of, and for what. */
export interface Partition {
  readonly of: QualifiedName;
  /** As behind FOR VALUES, or DEFAULT. */
  readonly bounds: string;
}

/** What the rules say of a relation, and which of them says it. */
export type Verdict =
  | { readonly kind: 'shown'; readonly rule: ExposeRule; readonly shown: Shown }
  /** `glob`: of the rule's `except`. */
  | { readonly kind: 'excepted'; readonly rule: ExposeRule; readonly glob: string }
  | { readonly kind: 'no rule' };

/** How veneers show a relation of this shard; null where no rule exposes it. Pure. */
export function shownAs(exposure: Exposure, relation: QualifiedName): Shown | null {
  const verdict = verdictOn(exposure, relation);
  return verdict.kind === 'shown' ? verdict.shown : null;
}

/** The same with the reason. Pure. */
export function verdictOn(exposure: Exposure, relation: QualifiedName): Verdict {
  const owner = exposure.tenants.get(relation.schema);
  if (owner !== undefined) return verdictFor(exposure, owner, relation);
  let excepted: Verdict | null = null;
  // A schema that is no tenant's: a rule may name it itself, and use the names of tenants all the same.
  for (const tenant of [null, ...exposure.tenants.values()]) {
    const verdict = verdictFor(exposure, tenant, relation);
    if (verdict.kind === 'shown') return verdict;
    if (verdict.kind === 'excepted') excepted ??= verdict;
  }
  return excepted ?? NO_RULE;
}

const NO_RULE: Verdict = { kind: 'no rule' };

function verdictFor(
  { rules, shard }: Exposure,
  tenant: TenantConfig | null,
  relation: QualifiedName,
): Verdict {
  const known = { ...wordsOf(shard, tenant), table: relation.name };
  for (const rule of rules) {
    const [from, as] = [splitPattern(rule.from), splitPattern(rule.as)];
    const words = matchWords(from, relation, known);
    if (words === null) continue;
    const glob = rule.except.find((one) => matchesFilled(relation.name, one, words));
    if (glob !== undefined) return { kind: 'excepted', rule, glob };
    const name = fillName(as, words);
    if (name === null) continue;
    const union = rule.union === null || tenant === null ? null : fillName(splitPattern(rule.union), words);
    return { kind: 'shown', rule, shown: { name, tenant, partition: partitionOf(rule, words), union } };
  }
  return NO_RULE;
}

const wordsOf = (shard: string, tenant: TenantConfig | null): Words =>
  tenant === null ? { shard } : { shard, tenant: tenant.name, schema: tenant.schema };

function partitionOf({ partition }: ExposeRule, words: Words): Partition | null {
  const of = partition === null ? null : fillName(splitPattern(partition.of), words);
  if (partition === null || of === null) return null;
  const quoted = Object.fromEntries(Object.entries(words).map(([word, value]) => [word, literal(value)]));
  return { of, bounds: fillWords(partition.bounds, quoted) };
}

/** Splits at the pattern's own dot: a word that is filled in may hold dots itself. */
function splitPattern(pattern: string): QualifiedName {
  const dot = pattern.indexOf('.');
  return { schema: pattern.slice(0, dot), name: pattern.slice(dot + 1) };
}

/** Null where a word is not known: without a tenant there is no {tenant}. */
function fillName({ schema, name }: QualifiedName, words: Words): QualifiedName | null {
  if (!isFillable(schema, words) || !isFillable(name, words)) return null;
  return { schema: fillWords(schema, words), name: fillWords(name, words) };
}

/**
 * Does a rule name this relation in particular, or does it come with all that a schema holds? A partition is shown by
 * its parent, and by itself only when it is named. Pure.
 */
export function isNamed({ rules, shard, tenants }: Exposure, relation: QualifiedName): boolean {
  const owners = [tenants.get(relation.schema) ?? null, ...tenants.values()];
  const named = rules.filter(({ from }) => !from.includes('{table}'));
  return owners.some((tenant) =>
    named.some(({ from }) => matchWords(splitPattern(from), relation, wordsOf(shard, tenant)) !== null),
  );
}

/** Could these two be the same relation of a veneer? */
export const isShownAs = (shown: Shown | null, table: QualifiedName): boolean =>
  shown !== null && nameKey(shown.name) === nameKey(table);

/** The schemas of the shard in which a rule may find a relation to show: its tenants', and those that rules name. */
export function sourceSchemas({ rules, shard, tenants }: Exposure): string[] {
  const named = rules.flatMap(({ from }) => filledSchemas(splitPattern(from).schema, shard, tenants));
  return [...new Set([...tenants.keys(), ...named])];
}

/** The schemas of a veneer in which relations of the shard appear, as far as its rules say without a table. */
export function exposedSchemas({ rules, shard, tenants }: Exposure): string[] {
  const shown = rules.flatMap(({ as, union }) => (union === null ? [as] : [as, union]));
  return [
    ...new Set(shown.flatMap((pattern) => filledSchemas(splitPattern(pattern).schema, shard, tenants))),
  ];
}

/** A pattern of a schema for each tenant, or once where it needs none; none where only a relation would tell. */
function filledSchemas(pattern: string, shard: string, tenants: ReadonlyMap<string, TenantConfig>): string[] {
  const known = [null, ...tenants.values()].map((tenant) => wordsOf(shard, tenant));
  return known.filter((words) => isFillable(pattern, words)).map((words) => fillWords(pattern, words));
}

/**
 * The schema of a veneer for what a tenant has besides relations: that of the first rule for the tenant's schema.
 * `isOwn`: the rule gives each tenant another one. Pure.
 */
export function homeOf(
  { rules, shard }: Exposure,
  tenant: TenantConfig,
): { readonly schema: string; readonly isOwn: boolean } {
  const words = wordsOf(shard, tenant);
  for (const rule of rules) {
    const [from, as] = [splitPattern(rule.from).schema, splitPattern(rule.as).schema];
    if (!isFillable(from, words) || !isFillable(as, words) || fillWords(from, words) !== tenant.schema)
      continue;
    return { schema: fillWords(as, words), isOwn: /\{(tenant|schema)\}/.test(as) };
  }
  return { schema: tenant.name, isOwn: true };
}

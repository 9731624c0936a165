import type { ExposeRule, TenantConfig } from '../config/config.js';
import { matchesGlob } from '../fleet/glob.js';
import type { QualifiedName } from '../postgres/identifiers.js';

/** Left out in shards.yaml: every relation of a tenant's schema, in the veneer's schema named after the tenant. */
export const DEFAULT_EXPOSURE: ExposeRule = { from: '{schema}.{table}', as: '{tenant}.{table}', except: [] };

/** The name under which a veneer shows a relation of this tenant; null where no rule exposes it. Pure. */
export function exposedName(
  rules: readonly ExposeRule[],
  tenant: TenantConfig,
  relation: QualifiedName,
): QualifiedName | null {
  const words = { tenant: tenant.name, shard: tenant.shard, schema: tenant.schema, table: relation.name };
  for (const rule of rules.length === 0 ? [DEFAULT_EXPOSURE] : rules) {
    const from = fill(rule.from, words);
    if (from.schema !== relation.schema || from.name !== relation.name) continue;
    return rule.except.some((glob) => matchesGlob(relation.name, glob)) ? null : fill(rule.as, words);
  }
  return null;
}

type Words = Readonly<Record<string, string>>;

/** Splits at the pattern's own dot first: a word that is filled in may hold dots itself. */
function fill(pattern: string, words: Words): QualifiedName {
  const dot = pattern.indexOf('.');
  return { schema: fillWords(pattern.slice(0, dot), words), name: fillWords(pattern.slice(dot + 1), words) };
}

const fillWords = (text: string, words: Words): string =>
  text.replace(/\{(\w+)\}/g, (all, word: string) => words[word] ?? all);

/** The schemas of the veneer that a tenant's relations appear in, as far as its rules say without a table. */
export function exposedSchemas(rules: readonly ExposeRule[], tenant: TenantConfig): string[] {
  const words = { tenant: tenant.name, shard: tenant.shard, schema: tenant.schema };
  const patterns = (rules.length === 0 ? [DEFAULT_EXPOSURE] : rules).map((rule) => rule.as);
  return [...new Set(patterns.map((as) => fill(as, words).schema))];
}

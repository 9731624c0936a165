import type { Migration } from '../migration.js';
import { orderOf } from '../migration-names.js';

/** What another tool recorded as applied to one tenant. */
export type HistoryEntry =
  /** node-pg-migrate's name of a file. */
  | { readonly kind: 'name'; readonly name: string }
  /** Flyway's versioned migration: `V7__add_authors.sql` of version 7. */
  | { readonly kind: 'version'; readonly script: string; readonly version: string }
  /** Flyway's own baseline: everything up to this version. */
  | { readonly kind: 'up to'; readonly version: string }
  /** Flyway recorded that it failed. */
  | { readonly kind: 'failed'; readonly script: string };

/** Another tool's records, as the migrations of the folder that they mean. */
export interface MatchedHistory {
  /** In the order of the folder. */
  readonly recorded: readonly Migration[];
  /** As the other tool calls them: they have no file. */
  readonly missing: readonly string[];
  readonly failed: readonly string[];
}

/** Which files another tool's records mean. Pure. */
export function matchHistory(
  entries: readonly HistoryEntry[],
  migrations: readonly Migration[],
): MatchedHistory {
  const found = new Set<Migration>();
  const missing: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'failed') continue;
    const meant = meantBy(entry, migrations);
    if (meant === null) missing.push(entry.kind === 'name' ? entry.name : titleOf(entry));
    else for (const migration of meant) found.add(migration);
  }
  return {
    recorded: migrations.filter((migration) => found.has(migration)),
    missing: [...new Set(missing)],
    failed: entries.flatMap((entry) => (entry.kind === 'failed' ? [entry.script] : [])),
  };
}

const titleOf = (entry: { readonly script?: string; readonly version: string }): string =>
  entry.script ?? `version ${entry.version}`;

/** Null: no file, or not exactly one. */
function meantBy(
  entry: Exclude<HistoryEntry, { kind: 'failed' }>,
  migrations: readonly Migration[],
): readonly Migration[] | null {
  switch (entry.kind) {
    case 'name':
      return one(migrations.filter(({ name }) => name === entry.name || `${name}.up` === entry.name));
    case 'version':
      return (
        one(migrations.filter(({ name }) => name === withoutAffixes(entry.script))) ??
        one(migrations.filter(({ name }) => isVersion(name, entry.version)))
      );
    case 'up to': {
      const last = Number(entry.version);
      return Number.isNaN(last) ? null : migrations.filter(({ name }) => (orderOf(name) ?? Infinity) <= last);
    }
  }
}

const one = (found: readonly Migration[]): readonly Migration[] | null => (found.length === 1 ? found : null);

/** `db/V7__add_authors.sql` → `7__add_authors`: the name that the file has when its V is taken away. */
const withoutAffixes = (script: string): string =>
  (script.split('/').at(-1) ?? '').replace(/^V/i, '').replace(/\.[^.]+$/, '');

function isVersion(name: string, version: string): boolean {
  const digits = /^\d+/.exec(name)?.[0];
  return digits !== undefined && /^\d+$/.test(version) && BigInt(digits) === BigInt(version);
}

import { ident, literal } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { HistoryEntry } from './foreign-history.js';

/** Tools whose records can be adopted. */
export type HistoryTool = 'pgmigrations' | 'flyway';

/** The table in a tenant's schema that each tool keeps unless told otherwise. */
export const HISTORY_TABLES: Readonly<Record<HistoryTool, string>> = {
  pgmigrations: 'pgmigrations',
  flyway: 'flyway_schema_history',
};

/** Schemas asked in one query. */
const AT_ONCE = 200;

/** By schema what the tool recorded there, in its order; a schema without the tool's table is left out. */
export async function readHistories(
  session: Session,
  {
    tool,
    table,
    schemas,
  }: { readonly tool: HistoryTool; readonly table: string; readonly schemas: readonly string[] },
): Promise<ReadonlyMap<string, readonly HistoryEntry[]>> {
  const there = await session.query<{ schema: string }>(
    `SELECT n.nspname::text AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY ($1::text[]) AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    [schemas, table],
  );
  const histories = new Map<string, readonly HistoryEntry[]>();
  for (let at = 0; at < there.length; at += AT_ONCE) {
    const parts = there.slice(at, at + AT_ONCE).map(({ schema }) => READS[tool](schema, table));
    const rows = await session.query<HistoryRow>(parts.join(' UNION ALL '));
    for (const { schema, entries } of rows) histories.set(schema, ENTRIES[tool](entries ?? []));
  }
  return histories;
}

type Recorded = Readonly<Record<string, string | boolean | null>>;

interface HistoryRow extends Row {
  readonly schema: string;
  readonly entries: readonly Recorded[] | null;
}

const READS: Readonly<Record<HistoryTool, (schema: string, table: string) => string>> = {
  // Its clock may have run in other time zones: only the serial tells the order.
  pgmigrations: (schema, table) =>
    `SELECT ${literal(schema)} AS schema, json_agg(json_build_object('name', name) ORDER BY id) AS entries
       FROM ${ident(schema)}.${ident(table)}`,
  flyway: (schema, table) =>
    `SELECT ${literal(schema)} AS schema,
            json_agg(json_build_object('version', version, 'type', type, 'script', script, 'success', success)
                     ORDER BY installed_rank) AS entries
       FROM ${ident(schema)}.${ident(table)}`,
};

const ENTRIES: Readonly<Record<HistoryTool, (rows: readonly Recorded[]) => readonly HistoryEntry[]>> = {
  pgmigrations: (rows) => rows.map(({ name }) => ({ kind: 'name', name: String(name) })),
  flyway: flywayEntries,
};

/**
 * Flyway's rows have a type (https://documentation.red-gate.com/fd/flyway-schema-history-table-273973417.html): UNDO_… and
 * DELETE take back what stands before them of the same version; rows without a version are repeatables, which `up` runs
 * again.
 */
function flywayEntries(rows: readonly Recorded[]): readonly HistoryEntry[] {
  const entries = new Map<string, HistoryEntry>();
  for (const { version, type, script, success } of rows) {
    if (version === null || version === undefined) continue;
    const [key, text, kind] = [String(version), String(script), String(type).toUpperCase()];
    if (success === false) entries.set(key, { kind: 'failed', script: text });
    else if (kind.startsWith('UNDO') || kind === 'DELETE') entries.delete(key);
    else if (kind === 'BASELINE') entries.set(key, { kind: 'up to', version: key });
    else if (kind !== 'SCHEMA') entries.set(key, { kind: 'version', script: text, version: key });
  }
  return [...entries.values()];
}

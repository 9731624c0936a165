import type { StatementTime } from './statement-times.js';

/** What a statement of the runner is for, by what it holds; the first that fits. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/pgveneer\.(ledger|intent|step|history|seal|pin)/, 'ledger, intent, evidence, history'],
  [/pgveneer_fresh|^(RESET|DISCARD|SET)\b|set_config/, "a session's settings, for each tenant anew"],
  [/ OWNER TO /, 'foreign tables locked'],
  [/pg_foreign_table f.*attrelid|attrelid.*pg_foreign_table f/, "foreign tables' definitions read"],
  [/relfilenode.*attrelid/, "the shards' definitions read"],
  [/pg_type t\b|typname/, 'types read'],
  [/pg_locks/, 'what was touched, who waits'],
];

const OTHER = 'all else';
export const SENT = 'the statements of migrations and veneer';

/** Time by kind, the longest first; `sent`: what bare connections sent for the same work. */
export function byKind(times: readonly StatementTime[], sent: readonly StatementTime[]): KindTime[] {
  const known = new Set(sent.map(({ text }) => pattern(text)));
  const kinds = new Map<string, KindTime>();
  for (const { on, text, calls, rows, ms } of times) {
    const kind = kindOf(text, known);
    const key = `${kind} ${on}`;
    const had = kinds.get(key) ?? { kind, on, calls: 0, rows: 0, ms: 0 };
    kinds.set(key, { kind, on, calls: had.calls + calls, rows: had.rows + rows, ms: had.ms + ms });
  }
  return [...kinds.values()].toSorted((a, b) => b.ms - a.ms);
}

/** What statements of a kind took on the shards together, or on the veneer. */
export interface KindTime extends Pick<StatementTime, 'on' | 'calls' | 'rows' | 'ms'> {
  readonly kind: string;
}

function kindOf(text: string, sent: ReadonlySet<string>): string {
  const shape = pattern(text);
  if (sent.has(shape)) return SENT;
  return KINDS.find(([found]) => found.test(shape))?.[1] ?? OTHER;
}

/** Without what differs from tenant to tenant and from run to run. */
const pattern = (text: string): string =>
  text
    .replaceAll(/t\d{5}/g, 't')
    .replaceAll(/(PREPARED|TRANSACTION) '[^']*'/g, '$1')
    .replaceAll(/\s+/g, ' ');

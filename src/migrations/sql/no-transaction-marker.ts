import { spansOf } from './sql-scan.js';

/** The line that makes a SQL migration one without a transaction, as hints show it. */
export const MARKER = '-- no-transaction';

const MARKED = /^--\s*(?:pg-veneer:\s*)?no-transaction\s*$/i;

/**
 * Is this SQL marked to run without a transaction? The marker is a line comment of its own, `-- no-transaction` or
 * `-- pg-veneer: no-transaction` in any case, among the comments above the first statement. (node-pg-migrate has no
 * such mark for SQL files; sqlx knows the first form.)
 */
export function isMarkedNoTransaction(sql: string): boolean {
  let at = 0;
  for (const { kind, start, end } of spansOf(sql)) {
    if (kind === 'literal' || sql.slice(at, start).trim() !== '') return false;
    if (kind === 'line comment' && MARKED.test(sql.slice(start, end))) return true;
    at = end;
  }
  return false;
}

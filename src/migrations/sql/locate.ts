import type { Statement } from '../migration.js';

/** A place in a file; both 1-based, `column` in characters (code points), as PostgreSQL counts. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place that is reached from `from` by going over `text`. */
export function advance(from: Place, text: string): Place {
  const lines = text.split(/\r\n|\n|\r/);
  const last = lines.at(-1) ?? '';
  const column = lengthInCharacters(last) + (lines.length === 1 ? from.column : 1);
  return { line: from.line + lines.length - 1, column };
}

/**
 * Where in the migration's file PostgreSQL's error position (1-based, in characters of `statement.sql`) lies; null
 * where a builder made the statement.
 */
export function locate(statement: Statement, position: number): Place | null {
  if (statement.line === null) return null;
  const start = { line: statement.line, column: statement.column ?? 1 };
  return advance(start, characters(statement.sql, position - 1));
}

/** The first `count` characters (code points, not UTF-16 units) of a text. */
export function characters(text: string, count: number): string {
  return Array.from(text).slice(0, Math.max(0, count)).join('');
}

const lengthInCharacters = (text: string): number => Array.from(text).length;

const WIDTH = 100;

/**
 * The line that holds PostgreSQL's error position (1-based, in characters of `statement.sql`), with its number in
 * the file where it has one, and a caret below the position. Long lines are cut around it.
 */
export function excerpt(statement: Statement, position: number): string {
  const before = characters(statement.sql, position - 1);
  const place = advance({ line: statement.line ?? 1, column: 1 }, before);
  const text = statement.sql.split(/\r\n|\n|\r/)[place.line - (statement.line ?? 1)] ?? '';
  const gutter = statement.line === null ? '| ' : `${place.line} | `;
  return pointed(gutter, Array.from(text.replaceAll('\t', ' ')), place.column - 1);
}

function pointed(gutter: string, line: readonly string[], at: number): string {
  const start = Math.max(0, at - WIDTH / 2);
  const head = start > 0 ? '…' : '';
  const tail = line.length > start + WIDTH ? '…' : '';
  const shown = `${head}${line.slice(start, start + WIDTH).join('')}${tail}`;
  return `${gutter}${shown.trimEnd()}\n${' '.repeat(gutter.length + head.length + at - start)}^`;
}

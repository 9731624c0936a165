import type { Problem } from '../errors.js';
import { migrationProblem, refuseProblems } from './migration-problems.js';
import type { Direction } from './migration.js';
import { advance } from './locate.js';
import { spansOf, withoutSpans } from './sql-scan.js';

/** The part of a SQL file that belongs to one direction, and the line (1-based) where it begins. */
export interface Section {
  readonly text: string;
  readonly line: number;
}

interface Mark {
  readonly direction: Direction;
  readonly start: number;
}

/**
 * The part of a SQL migration for one direction. Parts begin at a line `-- Up Migration` or `-- Down Migration` in
 * any case, as node-pg-migrate has it, but only where that is a comment to PostgreSQL too: never inside a body, a
 * string or a block comment. A file without marks is all `up`; null where the direction has no part.
 */
export function sectionOf(sql: string, direction: Direction, file: string): Section | null {
  const marks = marksOf(sql);
  refuseUnclearMarks(sql, marks, file);
  const own = marks.find((mark) => mark.direction === direction);
  if (own === undefined && direction === 'down') return null;
  const start = own?.start ?? 0;
  const end = marks.find((mark) => mark !== own && mark.start >= start)?.start;
  return { text: sql.slice(start, end), line: lineAt(sql, start) };
}

/** What stands above the first mark, and so for both directions; empty where there is no mark. */
export const headOf = (sql: string): string => sql.slice(0, marksOf(sql)[0]?.start ?? 0);

function marksOf(sql: string): readonly Mark[] {
  return spansOf(sql).flatMap((span) => {
    if (span.kind !== 'line comment' || !beginsLine(sql, span.start)) return [];
    const words = /^--[\s-]*(up|down)\s+migration/i.exec(sql.slice(span.start, span.end));
    if (words === null) return [];
    return [{ direction: words[1]?.toLowerCase() === 'up' ? 'up' : 'down', start: span.start }];
  });
}

function beginsLine(sql: string, at: number): boolean {
  const start = Math.max(sql.lastIndexOf('\n', at), sql.lastIndexOf('\r', at)) + 1;
  return sql.slice(start, at).trim() === '';
}

const lineAt = (sql: string, offset: number): number =>
  advance({ line: 1, column: 1 }, sql.slice(0, offset)).line;

function refuseUnclearMarks(sql: string, marks: readonly Mark[], file: string): void {
  const problem = (mark: Mark, message: string, hint: string): Problem =>
    migrationProblem(message, { file, line: lineAt(sql, mark.start) }, { hint });
  const repeated = marks
    .filter((mark, i) => marks.findIndex((other) => other.direction === mark.direction) < i)
    .map((mark) => problem(mark, `a second "-- ${mark.direction} migration" in one file`, REPEATED));
  const stray = marks
    .slice(0, 1)
    .filter((first) => marks.some((mark) => mark.direction === 'up') && holdsCode(sql.slice(0, first.start)))
    .map((first) =>
      problem(first, `SQL above "-- ${first.direction} migration" belongs to no direction`, STRAY),
    );
  refuseProblems([...stray, ...repeated]);
}

const REPEATED = 'a file has one part for each direction: make it two files, or reword the comment';
const STRAY = 'node-pg-migrate leaves such SQL out in silence: move it below "-- Up Migration"';

const holdsCode = (sql: string): boolean =>
  withoutSpans(sql, ['line comment', 'block comment']).trim() !== '';

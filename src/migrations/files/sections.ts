import type { Problem } from '../../errors.js';
import { migrationProblem, refuseProblems } from '../migration-problems.js';
import type { Part } from '../migration.js';
import { advance } from '../sql/locate.js';
import { spansOf, withoutSpans } from '../sql/sql-scan.js';

/** One part of a SQL file, and the line (1-based) where it begins. */
export interface Section {
  readonly text: string;
  readonly line: number;
}

interface Mark {
  readonly part: Part;
  readonly start: number;
}

/**
 * One part of a SQL migration. Parts begin at a line `-- Up Migration` or `-- Down Migration` in any case, as
 * node-pg-migrate has it, or at a line that is `-- Verify` and nothing else; but only where that is a comment to
 * PostgreSQL too: never inside a body, a string or a block comment. What stands above the first mark is `up` where no
 * mark says so; null where there is no such part.
 */
export function sectionOf(sql: string, part: Part, file: string): Section | null {
  const marks = marksOf(sql);
  refuseUnclearMarks(sql, marks, file);
  const own = marks.find((mark) => mark.part === part);
  if (own === undefined && part !== 'up') return null;
  const start = own?.start ?? 0;
  const end = marks.find((mark) => mark !== own && mark.start >= start)?.start;
  return { text: sql.slice(start, end), line: lineAt(sql, start) };
}

/** What stands above the first mark, and so for all parts; empty where there is no mark. */
export const headOf = (sql: string): string => sql.slice(0, marksOf(sql)[0]?.start ?? 0);

function marksOf(sql: string): readonly Mark[] {
  return spansOf(sql).flatMap((span) => {
    if (span.kind !== 'line comment' || !beginsLine(sql, span.start)) return [];
    const part = partOf(sql.slice(span.start, span.end));
    return part === null ? [] : [{ part, start: span.start }];
  });
}

function partOf(comment: string): Part | null {
  if (/^--[\s-]*up\s+migration/i.test(comment)) return 'up';
  if (/^--[\s-]*down\s+migration/i.test(comment)) return 'down';
  return /^--\s*verify\s*$/i.test(comment) ? 'verify' : null;
}

const TITLES: Readonly<Record<Part, string>> = {
  up: '-- up migration',
  down: '-- down migration',
  verify: '-- verify',
};

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
    .filter((mark, i) => marks.findIndex((other) => other.part === mark.part) < i)
    .map((mark) => problem(mark, `a second "${TITLES[mark.part]}" in one file`, REPEATED));
  const stray = marks
    .slice(0, 1)
    .filter((first) => marks.some((mark) => mark.part === 'up') && holdsCode(sql.slice(0, first.start)))
    .map((first) => problem(first, `SQL above "${TITLES[first.part]}" belongs to no direction`, STRAY));
  refuseProblems([...stray, ...repeated]);
}

const REPEATED = 'a file has one part of each kind: make it two files, or reword the comment';
const STRAY = 'node-pg-migrate leaves such SQL out in silence: move it below "-- Up Migration"';

const holdsCode = (sql: string): boolean =>
  withoutSpans(sql, ['line comment', 'block comment']).trim() !== '';

import type { Node } from 'libpg-query';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import { MigrationProblems, migrationProblem } from '../migration-problems.js';
import type { Statement } from '../migration.js';
import { sqlParser } from '../../sql-parser.js';
import { advance, characters, excerpt, type Place } from './locate.js';

/** SQL text with the place where it begins in a file; `line` is null where a builder made it. */
export interface SqlText {
  readonly text: string;
  readonly file: string;
  readonly line: number | null;
}

/** A statement with what PostgreSQL's own parser made of it. */
export interface ParsedStatement extends Statement {
  readonly node: Node;
}

/** Above this many bytes of UTF-8 a text is not parsed: the parser's memory grows with it many times over. */
export const PARSE_LIMIT = 2 * 1024 * 1024;

/** Is the text small enough to be parsed and split into statements? */
export const canParse = (sql: string): boolean => Buffer.byteLength(sql) <= PARSE_LIMIT;

/**
 * The single statements of a SQL text, by PostgreSQL's own parser. Throws {@link MigrationProblems} for a syntax
 * error: PostgreSQL's message, the place, the line with a caret.
 */
export async function parseSql(sql: SqlText): Promise<readonly ParsedStatement[]> {
  const text = sql.text.trimEnd();
  if (text === '') return [];
  const parse = await sqlParser();
  const tree = await parse(text).catch((error: unknown) => {
    throw new MigrationProblems([syntaxProblem(sql, text, error)]);
  });
  return split(sql, text, tree.stmts ?? []);
}

interface RawStatement {
  readonly stmt?: Node;
  /** Offset and length in bytes of UTF-8; a length of zero or none reaches to the end. */
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

function split(sql: SqlText, text: string, raw: readonly RawStatement[]): readonly ParsedStatement[] {
  const bytes = Buffer.from(text);
  let place: Place = { line: sql.line ?? 1, column: 1 };
  let at = 0;
  return raw.map(({ stmt, stmt_location: start = 0, stmt_len: length = 0 }) => {
    place = advance(place, bytes.subarray(at, start).toString());
    at = start;
    const statement = bytes
      .subarray(start, length === 0 ? undefined : start + length)
      .toString()
      .trimEnd();
    if (stmt === undefined)
      throw new VeneerError(`${sql.file}: the parser gave an empty statement`, { exitCode: EXIT.bug });
    return { sql: statement, node: stmt, ...(sql.line === null ? { line: null } : place) };
  });
}

function syntaxProblem(sql: SqlText, text: string, error: unknown): ReturnType<typeof migrationProblem> {
  const { message, position } = parserError(error);
  const place =
    sql.line === null ? {} : advance({ line: sql.line, column: 1 }, characters(text, position - 1));
  return migrationProblem(
    message,
    { file: sql.file, ...place },
    {
      detail: excerpt({ sql: text, line: sql.line }, position),
      hint: hintFor(message, characters(text, position - 1)),
    },
  );
}

/** The parser's message and its error position, 1-based and in characters (unlike its offsets, which are bytes). */
function parserError(error: unknown): { message: string; position: number } {
  const offset = fieldOf(fieldOf(error, 'sqlDetails'), 'cursorPosition');
  return { message: textOf(error), position: typeof offset === 'number' ? offset + 1 : 1 };
}

function hintFor(message: string, before: string): string {
  if (message.includes(String.raw`at or near "\"`)) {
    return String.raw`a line with a backslash (\i, \set, \copy) is a command of psql, not SQL: write it as SQL`;
  }
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$/i.test(before)) {
    return 'the data lines of COPY … FROM stdin are understood by psql alone: write them as INSERT … VALUES';
  }
  return 'correct the statement; no migration was run';
}

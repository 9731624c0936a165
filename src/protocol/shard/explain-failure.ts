import { EXIT, VeneerError } from '../../errors.js';
import { excerpt, locate } from '../../migrations/sql/locate.js';
import { labelOf, type Migration, type Statement } from '../../migrations/migration.js';
import { MemberError } from '../../postgres/member-error.js';

/** What a text holds for one tenant, shard or veneer. */
export interface Part {
  /** Null where it is for a shard or veneer itself. */
  readonly tenant: string | null;
  /** Whose statements they are, in a text of several migrations. */
  readonly migration?: Migration;
  /** What stands before the migration's statements. */
  readonly prologue: readonly string[];
  readonly statements: readonly Statement[];
}

/** Statements of ours that are for no tenant in particular. */
export const ours = (prologue: readonly string[]): Part[] =>
  prologue.length === 0 ? [] : [{ tenant: null, prologue, statements: [] }];

/** A statement may end in a line comment, so the semicolon stands on a line of its own. */
export const SEPARATOR = '\n;\n';

/** The statements of these parts as one text. */
export const textOf = (parts: readonly Part[]): string => parts.flatMap(sqlOf).join(SEPARATOR);

const sqlOf = ({ prologue, statements }: Part): string[] => [
  ...prologue,
  ...statements.map((statement) => statement.sql),
];

/**
 * PostgreSQL's error for a text of these parts, with whose it is and the place in the migration's file that it came from.
 * `migration`: that of parts that name none.
 */
export function explain(error: unknown, migration: Migration | null, parts: readonly Part[]): unknown {
  if (!(error instanceof MemberError) || error.connectionLost) return error;
  const { part, position, completed } = failedPart(error, parts);
  // What PostgreSQL could not even read as text may be anybody's.
  const isUnread = error.completed === 0 && error.position === null;
  const isNobodys = isUnread && new Set(parts.map((one) => one.migration ?? migration)).size > 1;
  const whose = isNobodys ? null : (part?.migration ?? migration);
  const at = part === undefined ? NOWHERE : placeIn(part, position, completed);
  const tenant = part?.tenant ?? null;
  const detail = [error.facts.detail, at.shown].filter(Boolean).join('\n');
  return new VeneerError(error.message, {
    ...error.facts,
    exitCode: EXIT.failed,
    where: {
      member: error.member,
      ...(tenant === null ? {} : { tenant }),
      ...(whose === null ? {} : { migration: labelOf(whose), file: whose.file }),
      ...(at.line === null ? {} : { line: at.line }),
      ...(at.column === null ? {} : { column: at.column }),
    },
    ...(detail === '' ? {} : { detail }),
    cause: error,
  });
}

interface Failed {
  readonly part: Part | undefined;
  /** As the error gave it, but in the part's own text. */
  readonly position: number | null;
  /** Of the part's statements. */
  readonly completed: number;
}

/**
 * Which part an error came from, by how many statements had completed: each completes once. Not by PostgreSQL's position,
 * which may be one in a text of its own, as the definition of an index that a change of type makes anew. But where none had: a text is
 * read whole before its first statement runs, which is one of ours, and an older server may not know what our parser does.
 */
function failedPart({ position, completed }: MemberError, parts: readonly Part[]): Failed {
  let part = parts[0];
  let start = 0;
  let before = 0;
  const isUnread = completed === 0 && position !== null;
  for (const next of parts) {
    part = next;
    const count = next.prologue.length + next.statements.length;
    const end = start + length(textOf([next])) + length(SEPARATOR);
    const isHere = isUnread ? position <= end : completed - before < count;
    if (isHere || next === parts.at(-1)) break;
    start = end;
    before += count;
  }
  const own = isUnread ? 0 : completed - before;
  return { part, position: position === null ? null : position - start, completed: own };
}

interface Place {
  /** The statement for the reader: the line with a caret, or its beginning. */
  readonly shown: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

const NOWHERE: Place = { shown: null, line: null, column: null };

function placeIn({ prologue, statements }: Part, position: number | null, completed: number): Place {
  if (position !== null) {
    const start = length(prologue.map((sql) => sql + SEPARATOR).join(''));
    const found = statementAt(statements, position - start);
    if (found !== null) {
      const place = locate(found.statement, found.position);
      return {
        shown: excerpt(found.statement, found.position),
        line: place?.line ?? null,
        column: place?.column ?? null,
      };
    }
  }
  const statement = statements[completed - prologue.length];
  const shown = statement === undefined ? null : `statement: ${shorten(statement.sql)}`;
  return { shown, line: statement?.line ?? null, column: null };
}

/** PostgreSQL counts characters, JavaScript UTF-16 units. */
const length = (text: string): number => Array.from(text).length;

function statementAt(
  statements: readonly Statement[],
  position: number,
): { readonly statement: Statement; readonly position: number } | null {
  let left = position;
  for (const statement of statements) {
    const size = length(statement.sql);
    if (left >= 1 && left <= size + 1) return { statement, position: left };
    left -= size + length(SEPARATOR);
  }
  return null;
}

const shorten = (sql: string): string => {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
};

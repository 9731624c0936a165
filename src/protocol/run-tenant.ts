import { EXIT, VeneerError } from '../errors.js';
import {
  labelOf,
  type Migration,
  type MigrationBody,
  type MigrationDb,
  type Statement,
} from '../migrations/migration.js';
import { excerpt, locate } from '../migrations/locate.js';
import { PLAN_AS_CONFIGURED } from '../postgres/hygiene.js';
import { ident, literal } from '../postgres/identifiers.js';
import { MemberError } from '../postgres/member-error.js';
import type { Session } from '../postgres/session.js';
import type { Subject } from './subject.js';

/**
 * Runs a migration for one tenant, shard or veneer in the open transaction: one text in the simple protocol, so that a
 * tenant costs one round trip; `setUp` are statements that come first. Answers what was run but for these, each with a
 * line end behind it. Throws a VeneerError that names file, line, member and tenant.
 */
export async function runFor(
  session: Session,
  migration: Migration,
  subject: Subject,
  setUp: readonly string[],
): Promise<readonly string[]> {
  const settingUp = surroundings(subject);
  const prologue = [...setUp, ...PLAN_AS_CONFIGURED.map((setting) => `SET LOCAL ${setting}`), ...settingUp];
  if (migration.body.kind === 'dynamic') await session.run(prologue.join('; '));
  const statements = await statementsOf(session, migration.body, subject);
  const parts = [...prologue, ...statements.map((statement) => statement.sql)];
  try {
    if (statements.length > 0) await session.run(parts.join(SEPARATOR));
  } catch (error) {
    throw explain(error, { migration, tenant: subject.tenant, prologue, statements });
  }
  return [...settingUp, ...statements.map((statement) => `${statement.sql}\n`)];
}

/** What a migration sees of whom it runs for. */
export const surroundings = ({ searchPath, settings }: Subject): string[] => [
  `SET LOCAL search_path TO ${ident(searchPath)}`,
  ...Object.entries(settings).map(([name, value]) => `SET LOCAL pgveneer.${name} TO ${literal(value)}`),
];

/** A statement may end in a line comment, so the semicolon stands on a line of its own. */
export const SEPARATOR = '\n;\n';

/** The statements of one part; a dynamic one is built now, and may ask the open transaction. */
export async function statementsOf(
  session: Session,
  body: MigrationBody,
  { target }: Subject,
): Promise<readonly Statement[]> {
  if (body.kind === 'static') return body.statements;
  const query: MigrationDb['query'] = async (text, values) => {
    const rows = await session.query(text, values);
    return { rows, rowCount: rows.length };
  };
  return body.build({ query }, target);
}

interface Failed {
  readonly migration: Migration;
  /** Null where it did not run for one. */
  readonly tenant: string | null;
  readonly prologue: readonly string[];
  readonly statements: readonly Statement[];
}

/** PostgreSQL's error with the place in the migration's file that it came from. */
export function explain(error: unknown, failed: Failed): unknown {
  if (!(error instanceof MemberError) || error.connectionLost) return error;
  const { migration, tenant } = failed;
  const at = placeOf(error, failed);
  const detail = [error.facts.detail, at.shown].filter(Boolean).join('\n');
  return new VeneerError(error.message, {
    ...error.facts,
    exitCode: EXIT.failed,
    where: {
      member: error.member,
      ...(tenant === null ? {} : { tenant }),
      migration: labelOf(migration),
      file: migration.file,
      ...(at.line === null ? {} : { line: at.line }),
      ...(at.column === null ? {} : { column: at.column }),
    },
    ...(detail === '' ? {} : { detail }),
    cause: error,
  });
}

interface Place {
  /** The statement for the reader: the line with a caret, or its beginning. */
  readonly shown: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

/** By PostgreSQL's position in the text where it gave one, else by how many statements had completed. */
function placeOf(error: MemberError, { prologue, statements }: Failed): Place {
  if (error.position !== null) {
    const start = length(prologue.map((sql) => sql + SEPARATOR).join(''));
    const found = statementAt(statements, error.position - start);
    if (found !== null) {
      const place = locate(found.statement, found.position);
      return {
        shown: excerpt(found.statement, found.position),
        line: place?.line ?? null,
        column: place?.column ?? null,
      };
    }
  }
  const statement = statements[error.completed - prologue.length];
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

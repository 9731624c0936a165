import type { Problem } from '../../errors.js';
import { MigrationProblems, migrationProblem, refuseProblems } from '../migration-problems.js';
import type { Statement, TransactionUse } from '../migration.js';
import { canParse, parseSql, type ParsedStatement, type SqlText } from '../sql/parse-sql.js';
import { controlsTransaction, refusedProblem, refusedStatements } from '../sql/refused-statements.js';
import { withoutSpans } from '../sql/sql-scan.js';
import { judgeStandalone } from '../sql/standalone-statements.js';

/** Statements that may run, and what was noticed on the way. */
export interface CompiledSql {
  readonly statements: readonly Statement[];
  readonly notices: readonly string[];
}

/**
 * Splits a SQL text into single statements and refuses those that cannot run inside a step's one transaction, or,
 * in a migration without one, those that need it. Throws MigrationProblems with all that is wrong.
 */
export const compileSql = (sql: SqlText, transaction: TransactionUse): Promise<CompiledSql> =>
  transaction === 'step' ? compileForStep(sql) : compileStandalone(sql);

/** An outermost BEGIN … COMMIT pair is dropped with a notice. A text too large to be parsed stays one statement. */
async function compileForStep(sql: SqlText): Promise<CompiledSql> {
  if (!canParse(sql.text)) return compileUnparsed(sql);
  const parsed = await parseSql(sql);
  const inner = withoutOuterPair(parsed);
  refuseProblems(refusedStatements(inner, sql.file));
  const dropped = inner.length < parsed.length;
  return { statements: inner.map(plain), notices: dropped ? [DROPPED_PAIR] : [] };
}

async function compileStandalone(sql: SqlText): Promise<CompiledSql> {
  if (!canParse(sql.text)) throw new MigrationProblems([tooLarge(sql.file)]);
  const judged = (await parseSql(sql)).map((statement) => ({
    statement,
    ...judgeStandalone(statement.node),
  }));
  refuseProblems(
    judged.flatMap((one) => ('refusal' in one ? refusedProblem(one.statement, sql.file, one.refusal) : [])),
  );
  return {
    statements: judged.flatMap((one) =>
      'effect' in one ? { ...plain(one.statement), effect: one.effect } : [],
    ),
    notices: [],
  };
}

const tooLarge = (file: string): Problem =>
  migrationProblem(
    'it is larger than 2 MB: what is not parsed cannot run without a transaction',
    { file },
    { hint: 'split it into several migrations' },
  );

const DROPPED_PAIR = 'its outermost BEGIN … COMMIT was left out: a step has a transaction of its own';

function plain({ node: _node, ...statement }: ParsedStatement): Statement {
  return statement;
}

function withoutOuterPair(statements: readonly ParsedStatement[]): readonly ParsedStatement[] {
  const [first, last] = [statements.at(0), statements.at(-1)];
  const paired =
    isPlain(first, ['TRANS_STMT_BEGIN', 'TRANS_STMT_START']) && isPlain(last, ['TRANS_STMT_COMMIT']);
  return paired ? statements.slice(1, -1) : statements;
}

/** BEGIN with a mode and COMMIT AND CHAIN mean more than a pair of brackets: they are not dropped but refused. */
function isPlain(statement: ParsedStatement | undefined, kinds: readonly string[]): boolean {
  if (statement === undefined || !('TransactionStmt' in statement.node)) return false;
  const { kind = '', options, chain } = statement.node.TransactionStmt;
  return kinds.includes(kind) && options === undefined && chain !== true;
}

const UNPARSED = 'it is larger than 2 MB: it was not parsed, and is sent to PostgreSQL as a whole';
const CONTROL =
  /(?:^|;)\s*(begin|start\s+transaction|commit|end|abort|rollback(?!\s+to\b)|prepare\s+transaction)\b/i;

function compileUnparsed(sql: SqlText): CompiledSql {
  const code = withoutSpans(sql.text, ['line comment', 'block comment', 'literal']);
  // In a BEGIN ATOMIC body an END follows a semicolon too; PostgreSQL's own check of the transaction is left then.
  const found = /\bbegin\s+atomic\b/i.test(code) ? null : CONTROL.exec(code);
  refuseProblems(found === null ? [] : [unparsedProblem(sql.file, found[1] ?? '')]);
  return { statements: [{ sql: sql.text, line: sql.line }], notices: [UNPARSED] };
}

function unparsedProblem(file: string, command: string): Problem {
  const message = `${command.toUpperCase()}: a migration runs inside one transaction, and may not begin or end one`;
  return migrationProblem(
    message,
    { file },
    { hint: 'remove the statement; a pair around a file this large is not dropped' },
  );
}

/** The COMMIT or the like in a query that a migration sends itself (`pgm.db`); null where there is none. */
export async function transactionCommandIn(text: string): Promise<string | null> {
  if (!/\b(?:begin|start|commit|end|abort|rollback|prepare)\b/i.test(text) || !canParse(text)) return null;
  // What the parser does not understand, PostgreSQL refuses as well, and says why.
  const statements = await parseSql({ text, file: '', line: null }).catch(() => []);
  return statements.find((statement) => controlsTransaction(statement.node))?.sql ?? null;
}

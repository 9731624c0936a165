import type { Node } from 'libpg-query';
import type { Problem } from '../../errors.js';
import { migrationProblem } from '../migration-problems.js';
import { MARKER } from './no-transaction-marker.js';
import type { ParsedStatement } from './parse-sql.js';
import { detachesConcurrently, type Refusal } from './standalone-refusals.js';
import { judgeStandalone } from './standalone-statements.js';

/** Every statement that cannot run inside the one transaction of a step, as problems with file and line. */
export function refusedStatements(statements: readonly ParsedStatement[], file: string): readonly Problem[] {
  const savepoints = new Set<string>();
  return statements.flatMap((statement) => {
    const refusal = refusalOf(statement, savepoints);
    return refusal === null ? [] : [refusedProblem(statement, file, refusal)];
  });
}

/** A refusal as a problem with file and line; what has no name is told by its text. */
export function refusedProblem(
  { sql, line, column }: ParsedStatement,
  file: string,
  { what = shortened(sql), why, hint }: Refusal,
): Problem {
  const where = line === null ? { file } : { file, line, column: column ?? 1 };
  return migrationProblem(`${what}: ${why}`, where, { hint });
}

/** The beginning of a statement, on one line. */
function shortened(sql: string): string {
  const line = Array.from(sql.replaceAll(/\s+/g, ' '));
  return line.length > 60 ? `${line.slice(0, 60).join('')}…` : line.join('');
}

/** Does this node end or begin a transaction (savepoints apart)? */
export function controlsTransaction(node: Node): boolean {
  return 'TransactionStmt' in node && !SAVEPOINTS.has(node.TransactionStmt.kind ?? '');
}

const SAVEPOINTS = new Set<string>(['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']);

function refusalOf({ node, line }: ParsedStatement, savepoints: Set<string>): Refusal | null {
  if ('TransactionStmt' in node) return transactionRefusal(node.TransactionStmt, savepoints);
  if ('CopyStmt' in node && node.CopyStmt.filename === undefined) return COPY;
  const what = OUTSIDE_ONLY.find((rule) => rule.matches(node))?.what;
  return what === undefined ? null : { what, why: OUTSIDE, hint: wayOut(node, line === null) };
}

const OUTSIDE = 'it cannot run inside a transaction';

/** The marker, where it would help; else what would. */
function wayOut(node: Node, byBuilder: boolean): string {
  const verdict = judgeStandalone(node);
  if ('refusal' in verdict) return verdict.refusal.hint;
  return byBuilder
    ? 'call pgm.noTransaction() in this migration, and leave to others what needs a transaction'
    : `mark the migration by a line "${MARKER}" above its first statement, and leave to others what needs a transaction`;
}

type TransactionStmt = Extract<Node, { TransactionStmt: unknown }>['TransactionStmt'];

function transactionRefusal(statement: TransactionStmt, savepoints: Set<string>): Refusal | null {
  const { kind = '', savepoint_name: name = '' } = statement;
  if (!SAVEPOINTS.has(kind)) return { what: COMMANDS[kind] ?? 'a transaction command', ...TRANSACTION };
  if (kind === 'TRANS_STMT_SAVEPOINT') savepoints.add(name);
  // The runner's own savepoints must stay out of a migration's reach.
  else if (!savepoints.has(name)) return { what: `${COMMANDS[kind]} ${name}`, ...SAVEPOINT };
  if (kind === 'TRANS_STMT_RELEASE') savepoints.delete(name);
  return null;
}

const COMMANDS: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK TO',
  TRANS_STMT_RELEASE: 'RELEASE',
};

const TRANSACTION = {
  why: 'a migration runs inside one transaction with all tenants of its shard, and may not end it',
  hint: 'remove the statement; what must be committed first goes into a migration of its own',
};

const SAVEPOINT = {
  why: 'no such SAVEPOINT stands before it in this migration',
  hint: 'set the savepoint in the same migration, or remove the statement',
};

const COPY: Refusal = {
  what: 'COPY from stdin or to stdout',
  why: 'there is no stream to read from or write to while a migration runs',
  hint: 'write the rows as INSERT … VALUES',
};

interface Rule {
  readonly what: string;
  readonly matches: (node: Node) => boolean;
}

/** What PostgreSQL refuses by PreventInTransactionBlock, as far as it shows in the statement itself. */
const OUTSIDE_ONLY: readonly Rule[] = [
  { what: 'CREATE INDEX CONCURRENTLY', matches: (n) => 'IndexStmt' in n && n.IndexStmt.concurrent === true },
  { what: 'DROP INDEX CONCURRENTLY', matches: (n) => 'DropStmt' in n && n.DropStmt.concurrent === true },
  {
    what: 'REINDEX CONCURRENTLY',
    matches: (n) => 'ReindexStmt' in n && hasOption(n.ReindexStmt.params, 'concurrently'),
  },
  {
    what: 'REINDEX of a schema or database',
    matches: (n) => 'ReindexStmt' in n && n.ReindexStmt.relation === undefined,
  },
  { what: 'DETACH PARTITION CONCURRENTLY', matches: detachesConcurrently },
  { what: 'VACUUM', matches: (n) => 'VacuumStmt' in n && n.VacuumStmt.is_vacuumcmd === true },
  {
    what: 'CLUSTER of all tables',
    matches: (n) => 'ClusterStmt' in n && n.ClusterStmt.relation === undefined,
  },
  { what: 'CREATE DATABASE', matches: (n) => 'CreatedbStmt' in n },
  { what: 'DROP DATABASE', matches: (n) => 'DropdbStmt' in n },
  {
    what: 'ALTER DATABASE SET TABLESPACE',
    matches: (n) => 'AlterDatabaseStmt' in n && hasOption(n.AlterDatabaseStmt.options, 'tablespace'),
  },
  { what: 'CREATE TABLESPACE', matches: (n) => 'CreateTableSpaceStmt' in n },
  { what: 'DROP TABLESPACE', matches: (n) => 'DropTableSpaceStmt' in n },
  { what: 'ALTER SYSTEM', matches: (n) => 'AlterSystemStmt' in n },
  { what: 'DISCARD ALL', matches: (n) => 'DiscardStmt' in n && n.DiscardStmt.target === 'DISCARD_ALL' },
];

const hasOption = (options: readonly Node[] | undefined, name: string): boolean =>
  (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === name);

import { batchOf, type Backfill } from '../../backfill.js';
import { compileSql } from './compile-sql.js';
import { MigrationProblems, migrationProblem } from '../migration-problems.js';
import type { Statement } from '../migration.js';
import { parseSql } from '../sql/parse-sql.js';

/**
 * A backfill as a statement. What its author wrote has to be an expression by itself: one that ends the parentheses around
 * it would reach beyond its batch. Throws MigrationProblems.
 */
export async function compileBackfill(sql: string, wanted: Backfill, file: string): Promise<Statement> {
  const { set, where } = wanted;
  for (const text of [...Object.values(set), ...(where === undefined ? [] : [where])])
    await parseSql({ text: `SELECT ${text}\n`, file, line: null });
  const { statements } = await compileSql({ text: sql, file, line: null }, 'step');
  const [statement] = statements;
  if (statement === undefined || statements.length > 1) throw new MigrationProblems([noExpression(file)]);
  return { ...statement, effect: { kind: 'fills', backfill: { ...wanted, batch: batchOf(wanted) } } };
}

const noExpression = (file: string) =>
  migrationProblem(
    'backfill: `set` and `where` hold more than one SQL expression each',
    { file },
    { hint: 'write other statements by pgm.sql, in a migration of their own' },
  );

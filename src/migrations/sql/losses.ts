import type { Node } from 'libpg-query';
import { labelOf, type Migration, type Statement } from '../migration.js';
import { canParse, parseSql } from './parse-sql.js';

/**
 * What data is lost when these run, a sentence for each, by the parse tree. What cannot be seen there (functions that are
 * called, DO, a migration that is built only when it runs) may lose data, and is said so; never is it taken to be harmless.
 */
export async function lossesOf(migrations: readonly Migration[]): Promise<string[]> {
  const losses = await Promise.all(
    migrations.map(async (migration) => {
      const sentences = await lossesOfOne(migration);
      return [...new Set(sentences)].map((sentence) => `${labelOf(migration)} ${sentence}`);
    }),
  );
  return losses.flat();
}

async function lossesOfOne({ body, file }: Migration): Promise<string[]> {
  if (body.kind === 'dynamic') return ['may lose data: what it does is known only when it runs'];
  const losses = await Promise.all(body.statements.map((statement) => lossesOfStatement(statement, file)));
  return losses.flat();
}

async function lossesOfStatement({ sql }: Statement, file: string): Promise<string[]> {
  if (!canParse(sql)) return ['may lose data: it is too large to be read beforehand'];
  const parsed = await parseSql({ text: sql, file, line: null });
  return parsed.flatMap(({ node }) => lossesOfNode(node) ?? `may lose data: ${shortened(sql)}`);
}

/** Empty: none; null: that cannot be seen. */
function lossesOfNode(node: Node): string[] | null {
  if ('DropStmt' in node) return lossesOfDrop(node.DropStmt);
  if ('AlterTableStmt' in node) return lossesOfAlter(node.AlterTableStmt);
  if ('TruncateStmt' in node)
    return (node.TruncateStmt.relations ?? []).map((one) => `empties ${relationName(one)}`);
  if ('DeleteStmt' in node) return [`deletes rows of ${rangeName(node.DeleteStmt.relation)}`];
  if ('UpdateStmt' in node) return [`overwrites rows of ${rangeName(node.UpdateStmt.relation)}`];
  const [kind = ''] = Object.keys(node);
  if (!KEEPING.has(kind) || mentions(node, 'FuncCall') || mentions(node, 'onConflictClause')) return null;
  return writesInQuery(node) ? null : [];
}

/** Statements that make, name or describe something, and take nothing away. */
const KEEPING = new Set([
  'CommentStmt',
  'CompositeTypeStmt',
  'CreateDomainStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateFunctionStmt',
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'CreateStmt',
  'CreateTrigStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'IndexStmt',
  'InsertStmt',
  'RenameStmt',
  'SelectStmt',
  'TransactionStmt',
  'VariableSetStmt',
  'ViewStmt',
]);

/** Kinds of objects that hold no rows of their own. */
const WITHOUT_ROWS = new Set<string>([
  'OBJECT_AGGREGATE',
  'OBJECT_DOMAIN',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_FUNCTION',
  'OBJECT_INDEX',
  'OBJECT_MATVIEW',
  'OBJECT_POLICY',
  'OBJECT_PROCEDURE',
  'OBJECT_RULE',
  'OBJECT_SCHEMA',
  'OBJECT_SEQUENCE',
  'OBJECT_TRIGGER',
  'OBJECT_TYPE',
  'OBJECT_VIEW',
]);

type Of<K extends string> = Extract<Node, Readonly<Record<K, unknown>>>[K &
  keyof Extract<Node, Readonly<Record<K, unknown>>>];

function lossesOfDrop({
  removeType = 'OBJECT_ROLE',
  behavior,
  objects = [],
}: Of<'DropStmt'>): string[] | null {
  // CASCADE may take columns and tables along.
  if (behavior === 'DROP_CASCADE' && removeType !== 'OBJECT_TABLE') return null;
  if (removeType === 'OBJECT_TABLE')
    return objects.map((one) => `drops table ${listName(one)} with its rows`);
  return WITHOUT_ROWS.has(removeType) ? [] : null;
}

/** Parts of ALTER TABLE that keep every value. */
const KEEPING_COLUMNS = new Set<string>([
  'AT_AddColumn',
  'AT_AddConstraint',
  'AT_AttachPartition',
  'AT_ChangeOwner',
  'AT_ColumnDefault',
  'AT_DetachPartition',
  'AT_DropConstraint',
  'AT_DropNotNull',
  'AT_SetNotNull',
  'AT_SetOptions',
  'AT_SetRelOptions',
  'AT_SetStatistics',
  'AT_SetStorage',
  'AT_ValidateConstraint',
]);

function lossesOfAlter({ relation, cmds = [] }: Of<'AlterTableStmt'>): string[] | null {
  const losses = cmds.map((cmd): string[] | null => {
    if (!('AlterTableCmd' in cmd)) return null;
    const { subtype = '', name = '', behavior } = cmd.AlterTableCmd;
    if (behavior === 'DROP_CASCADE' && subtype !== 'AT_DropColumn') return null;
    if (subtype === 'AT_DropColumn') return [`drops column ${rangeName(relation)}.${name}`];
    if (subtype === 'AT_AlterColumnType') return [`converts column ${rangeName(relation)}.${name}`];
    return KEEPING_COLUMNS.has(subtype) ? [] : null;
  });
  return losses.some((one) => one === null) ? null : losses.flatMap((one) => one ?? []);
}

const relationName = (node: Node): string => ('RangeVar' in node ? rangeName(node.RangeVar) : 'a table');

const rangeName = (range: Of<'RangeVar'> | undefined): string =>
  [range?.schemaname, range?.relname].filter(Boolean).join('.');

function listName(node: Node): string {
  const items = 'List' in node ? (node.List.items ?? []) : [];
  return items.flatMap((item) => ('String' in item ? (item.String.sval ?? []) : [])).join('.');
}

const WRITES = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

/** A WITH may hold what its query does not show. */
const writesInQuery = (node: Node): boolean =>
  'SelectStmt' in node && WRITES.some((kind) => mentions(node, kind));

function mentions(tree: unknown, key: string): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([name, value]) => name === key || mentions(value, key));
}

function shortened(sql: string): string {
  const line = Array.from(sql.replaceAll(/\s+/g, ' ').trim());
  return line.length > 60 ? `${line.slice(0, 60).join('')}…` : line.join('');
}

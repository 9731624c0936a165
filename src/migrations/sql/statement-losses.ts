import type { Node } from 'libpg-query';
import { wordsOf, writtenName, type Of } from './parse-tree.js';

/** Data that is gone when a statement has run. */
export interface Loss {
  readonly kind:
    'drops table' | 'drops column' | 'converts column' | 'empties' | 'deletes rows' | 'overwrites rows';
  /** As the statement writes it: `books`, `shared.books`. */
  readonly relation: string;
  /** Null: of the whole relation. */
  readonly column: string | null;
}

/** The end of a sentence that begins with who does it: `drops column books.isbn`. */
export function lossText({ kind, relation, column }: Loss): string {
  switch (kind) {
    case 'drops table':
      return `drops table ${relation} with its rows`;
    case 'empties':
      return `empties ${relation}`;
    case 'deletes rows':
    case 'overwrites rows':
      return `${kind} of ${relation}`;
    default:
      return `${kind} ${relation}.${column}`;
  }
}

/** What a statement loses, by its parse tree. Empty: nothing; null: that cannot be seen there, or not all of it. Pure. */
export function lossesOfNode(node: Node): Loss[] | null {
  if ('DropStmt' in node) return lossesOfDrop(node.DropStmt);
  if ('AlterTableStmt' in node) return lossesOfAlter(node.AlterTableStmt);
  if ('TruncateStmt' in node)
    return (node.TruncateStmt.relations ?? []).map((one) => lossOf('empties', relationName(one)));
  if ('DeleteStmt' in node) return [lossOf('deletes rows', rangeName(node.DeleteStmt.relation))];
  if ('UpdateStmt' in node) return [lossOf('overwrites rows', rangeName(node.UpdateStmt.relation))];
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

function lossesOfDrop({ removeType = 'OBJECT_ROLE', behavior, objects = [] }: Of<'DropStmt'>): Loss[] | null {
  // CASCADE may take columns and tables along.
  if (behavior === 'DROP_CASCADE' && removeType !== 'OBJECT_TABLE') return null;
  if (removeType === 'OBJECT_TABLE') return objects.map((one) => lossOf('drops table', listName(one)));
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

function lossesOfAlter({ relation, cmds = [] }: Of<'AlterTableStmt'>): Loss[] | null {
  const losses = cmds.map((cmd): Loss[] | null => {
    if (!('AlterTableCmd' in cmd)) return null;
    const { subtype = '', name = '', behavior } = cmd.AlterTableCmd;
    if (behavior === 'DROP_CASCADE' && subtype !== 'AT_DropColumn') return null;
    if (subtype === 'AT_DropColumn') return [lossOf('drops column', rangeName(relation), name)];
    if (subtype === 'AT_AlterColumnType') return [lossOf('converts column', rangeName(relation), name)];
    return KEEPING_COLUMNS.has(subtype) ? [] : null;
  });
  return losses.some((one) => one === null) ? null : losses.flatMap((one) => one ?? []);
}

const lossOf = (kind: Loss['kind'], relation: string, column: string | null = null): Loss => ({
  kind,
  relation,
  column,
});

const relationName = (node: Node): string => ('RangeVar' in node ? writtenName(node.RangeVar) : 'a table');

const rangeName = (range: Of<'RangeVar'> | undefined): string =>
  range === undefined ? '' : writtenName(range);

const listName = (node: Node): string => ('List' in node ? wordsOf(node.List.items).join('.') : '');

const WRITES = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

/** A WITH may hold what its query does not show. */
const writesInQuery = (node: Node): boolean =>
  'SelectStmt' in node && WRITES.some((kind) => mentions(node, kind));

function mentions(tree: unknown, key: string): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([name, value]) => name === key || mentions(value, key));
}

import type { Node } from 'libpg-query';
import { wordsOf, writtenName, type Of } from './parse-tree.js';

/** A relation or column that gets another name. */
export interface WrittenRename {
  /** As the statement writes it. */
  readonly relation: string;
  /** Null: the relation itself. */
  readonly column: string | null;
  readonly to: string;
}

const RENAMED: ReadonlySet<string> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW']);

/** What a statement renames of what a veneer may show; null: nothing. Pure. */
export function renameIn(node: Node): WrittenRename | null {
  if ('AlterObjectSchemaStmt' in node) {
    const { objectType = '', relation, newschema = '' } = node.AlterObjectSchemaStmt;
    if (relation === undefined || !RENAMED.has(objectType)) return null;
    return { relation: writtenName(relation), column: null, to: `${newschema}.${relation.relname ?? ''}` };
  }
  if (!('RenameStmt' in node)) return null;
  const { renameType = '', relationType = '', relation, subname = '', newname: to = '' } = node.RenameStmt;
  if (relation === undefined) return null;
  if (renameType === 'OBJECT_COLUMN' && RENAMED.has(relationType))
    return { relation: writtenName(relation), column: subname, to };
  return RENAMED.has(renameType) ? { relation: writtenName(relation), column: null, to } : null;
}

/** A relation that a statement makes. */
export interface MadeRelation {
  /** As the statement writes it. */
  readonly relation: string;
  /** False: with IF NOT EXISTS it may be there already, with rows and users. */
  readonly sure: boolean;
}

/** The relations that a statement makes. Pure. */
export function madeBy(node: Node): MadeRelation[] {
  const made =
    'CreateStmt' in node
      ? ([node.CreateStmt.relation, node.CreateStmt.if_not_exists] as const)
      : 'CreateTableAsStmt' in node
        ? ([node.CreateTableAsStmt.into?.rel, node.CreateTableAsStmt.if_not_exists] as const)
        : 'SelectStmt' in node
          ? ([node.SelectStmt.intoClause?.rel] as const)
          : 'ViewStmt' in node && node.ViewStmt.replace !== true
            ? ([node.ViewStmt.view] as const)
            : [];
  const [relation, unlessThere] = made;
  return relation === undefined ? [] : [{ relation: writtenName(relation), sure: unlessThere !== true }];
}

/** A column that has to be given from then on. */
export interface RequiredColumn {
  readonly relation: string;
  readonly column: string;
}

/** Columns that ALTER TABLE adds with NOT NULL and nothing that gives them a value. Pure. */
export function requiredIn(node: Node): RequiredColumn[] {
  if (!('AlterTableStmt' in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  return cmds.flatMap((cmd) => {
    const def =
      'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_AddColumn'
        ? cmd.AlterTableCmd.def
        : undefined;
    return def !== undefined && 'ColumnDef' in def && isRequired(def.ColumnDef)
      ? [
          {
            relation: relation === undefined ? '' : writtenName(relation),
            column: def.ColumnDef.colname ?? '',
          },
        ]
      : [];
  });
}

const GIVEN: ReadonlySet<string> = new Set(['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED']);
const NOT_NULL: ReadonlySet<string> = new Set(['CONSTR_NOTNULL', 'CONSTR_PRIMARY']);

function isRequired({ constraints = [], typeName }: Of<'ColumnDef'>): boolean {
  const kinds = constraints.flatMap((one) => ('Constraint' in one ? (one.Constraint.contype ?? []) : []));
  const isSerial = /^(small|big)?serial[248]?$/.test(wordsOf(typeName?.names).at(-1) ?? '');
  return !isSerial && kinds.some((kind) => NOT_NULL.has(kind)) && !kinds.some((kind) => GIVEN.has(kind));
}

/** Tables of which a statement goes through rows. Pure. */
export function workedThrough(node: Node): string[] {
  const target =
    'UpdateStmt' in node
      ? node.UpdateStmt.relation
      : 'DeleteStmt' in node
        ? node.DeleteStmt.relation
        : 'AlterTableStmt' in node && validates(node.AlterTableStmt)
          ? node.AlterTableStmt.relation
          : undefined;
  return target === undefined ? [] : [writtenName(target)];
}

const validates = ({ cmds = [] }: Of<'AlterTableStmt'>): boolean =>
  cmds.some((cmd) => 'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_ValidateConstraint');

/** Does it add a column? Pure. */
export const addsColumn = (node: Node): boolean =>
  'AlterTableStmt' in node &&
  (node.AlterTableStmt.cmds ?? []).some(
    (cmd) => 'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_AddColumn',
  );

/** Does it end with CASCADE, which takes along what the catalogs tell? Pure. */
export function cascades(node: Node): boolean {
  if ('DropStmt' in node) return node.DropStmt.behavior === 'DROP_CASCADE';
  if ('TruncateStmt' in node) return node.TruncateStmt.behavior === 'DROP_CASCADE';
  if (!('AlterTableStmt' in node)) return false;
  return (node.AlterTableStmt.cmds ?? []).some(
    (cmd) => 'AlterTableCmd' in cmd && cmd.AlterTableCmd.behavior === 'DROP_CASCADE',
  );
}

import type { Node } from 'libpg-query';
import { knownSince } from '../../catalog/expressions/safe-default.js';
import { writeLimits, type SuppliedColumn, type WriteLimit } from '../../veneer/writes.js';
import { wordsOf, writtenName, type Of } from './parse-tree.js';

/** What INSERTs through a veneer will suffer of a column that a statement makes, where the table is shown there. */
export interface StatementWrites extends WriteLimit {
  /** As the statement writes it: `books`, `shared.books`. */
  readonly relation: string;
}

/**
 * Columns of CREATE TABLE and ALTER TABLE for which the shard has a value and a veneer has none: by the text alone, so
 * that a type's own default, or LIKE, is not seen. Pure.
 */
export function writesIn(node: Node): StatementWrites[] {
  if ('CreateStmt' in node) {
    const { relation, tableElts = [] } = node.CreateStmt;
    return tableElts.flatMap((element) => limitsOf(relation, element));
  }
  if (!('AlterTableStmt' in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? commandLimits(relation, cmd.AlterTableCmd) : []));
}

function commandLimits(
  relation: Of<'RangeVar'> | undefined,
  { subtype, name = '', def }: Of<'AlterTableCmd'>,
): StatementWrites[] {
  if (def === undefined) return [];
  if (subtype === 'AT_AddColumn') return limitsOf(relation, def);
  const column = { name, notNull: false, hasDefault: false, computed: null, expression: null };
  // Whether the column is NOT NULL, the text does not tell: then an INSERT without it fails.
  if (subtype === 'AT_ColumnDefault')
    return knownSince(def, castTo(def)) === null && !isNull(def)
      ? limits(relation, { ...column, hasDefault: true }, false)
      : [];
  if (subtype !== 'AT_AddIdentity' || !('Constraint' in def)) return [];
  return limits(relation, { ...column, computed: computedBy([def.Constraint]) }, false);
}

function limitsOf(relation: Of<'RangeVar'> | undefined, element: Node): StatementWrites[] {
  if (!('ColumnDef' in element)) return [];
  const { colname = '', typeName, constraints = [] } = element.ColumnDef;
  const list = constraints.flatMap((one) => ('Constraint' in one ? [one.Constraint] : []));
  const isSerial = SERIAL.has(wordsOf(typeName?.names).at(-1) ?? '');
  const expression = list.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  const column: SuppliedColumn = {
    name: colname,
    notNull: isSerial || list.some(({ contype = '' }) => NOT_NULL.has(contype)),
    hasDefault: isSerial || (expression !== undefined && !isNull(expression)),
    computed: computedBy(list),
    expression: null,
  };
  return limits(
    relation,
    column,
    !isSerial && expression !== undefined && knownSince(expression, wordsOf(typeName?.names)) !== null,
  );
}

/** What a default is cast to is the column's type, as far as its text alone tells. */
const castTo = (node: Node): readonly string[] | null =>
  'TypeCast' in node ? wordsOf(node.TypeCast.typeName?.names) : null;

const limits = (
  relation: Of<'RangeVar'> | undefined,
  column: SuppliedColumn,
  given: boolean,
): StatementWrites[] =>
  writeLimits({ kind: 'r', insertable: true }, [column], new Set(given ? [column.name] : [])).map(
    (limit) => ({
      relation: relation === undefined ? '' : writtenName(relation),
      ...limit,
    }),
  );

/** Types that are no types, but an int with a default of nextval, and NOT NULL. */
const SERIAL: ReadonlySet<string> = new Set([
  'serial',
  'serial2',
  'serial4',
  'serial8',
  'smallserial',
  'bigserial',
]);

const NOT_NULL: ReadonlySet<string> = new Set(['CONSTR_NOTNULL', 'CONSTR_PRIMARY']);

function computedBy(constraints: readonly Of<'Constraint'>[]): SuppliedColumn['computed'] {
  const identity = constraints.find(({ contype }) => contype === 'CONSTR_IDENTITY');
  if (identity !== undefined)
    return identity.generated_when === 'a' ? 'identity always' : 'identity by default';
  const generated = constraints.find(({ contype }) => contype === 'CONSTR_GENERATED');
  if (generated === undefined) return null;
  return generated.generated_kind === 'v' ? 'virtual' : 'stored';
}

/** DEFAULT NULL is none. */
const isNull = (node: Node): boolean => 'A_Const' in node && node.A_Const.isnull === true;

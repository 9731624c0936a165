import { columnsIn, type ColumnsText } from './column-lists.js';
import { asDefault, readExpressions, withoutTree, type ParsedExpression } from './expression.js';
import { optionsOf, type ForeignColumn, type ShardColumn } from './relation.js';
import { typeText, type TypeRef } from './type.js';

/** What {@link COLUMNS} reads of a column. */
interface ColumnRow extends Pick<
  ShardColumn,
  'attnum' | 'name' | 'notNull' | 'collation' | 'computed' | 'hasDefault'
> {
  readonly type: string;
  readonly generated: string | null;
  readonly default: string | null;
  readonly options: readonly string[] | null;
  readonly userType: TypeRef | null;
}

/** A column, of a shard's relation or a foreign table. */
export type ReadColumn = ShardColumn & ForeignColumn;

/**
 * What makes columns of what {@link COLUMNS} answered for these rows. Rows that answered the same share one list, so that
 * whatever is thought about columns is thought once for all tenants whose tables are alike.
 */
export async function columnsOf(
  rows: readonly { readonly columns: ColumnsText<ColumnRow> }[],
): Promise<(columns: string) => readonly ReadColumn[]> {
  const texts = new Set(rows.map(({ columns }) => columns));
  const read = [...texts].map((text) => [text, columnsIn(text)] as const);
  const expressions = await readExpressions(
    read.flatMap(([, columns]) => columns.flatMap((column) => [column.generated, column.default])),
  );
  const built = new Map(
    read.map(([text, columns]) => [text, columns.map((column) => readColumn(column, expressions))]),
  );
  return (text) => {
    const columns = built.get(text);
    if (columns === undefined) throw new Error('columns are of the rows that were given');
    return columns;
  };
}

function readColumn(row: ColumnRow, expressions: ReadonlyMap<string, ParsedExpression>): ReadColumn {
  const find = (text: string | null): ParsedExpression | null =>
    text === null ? null : (expressions.get(text) ?? null);
  const generated = find(row.generated);
  const given = find(row.default);
  return {
    ...row,
    type: typeText({ text: row.type, ref: row.userType }),
    generated: generated === null ? null : withoutTree(generated),
    default: given === null ? null : asDefault(given, row.userType),
    options: optionsOf(row.options),
  };
}

import { asDefault, readExpressions, withoutTree, type ParsedExpression } from './expression.js';
import { optionsOf, type ForeignColumn, type ShardColumn } from './relation.js';
import { typeText, type TypeRef } from './type.js';

/** What {@link COLUMNS} reads of a relation: by field, a list. */
interface ColumnLists {
  readonly attnum: readonly number[];
  readonly name: readonly string[];
  readonly type: readonly string[];
  readonly notNull: readonly boolean[];
  readonly collation: readonly ReadColumn['collation'][];
  readonly generated: readonly (string | null)[];
  readonly default: readonly (string | null)[];
  readonly computed: readonly ReadColumn['computed'][];
  readonly options: readonly (readonly string[] | null)[];
  readonly hasDefault: readonly boolean[];
  readonly userType: readonly (TypeRef | null)[];
}

/** A column, of a shard's relation or a foreign table. */
export type ReadColumn = ShardColumn & ForeignColumn;

/**
 * What makes columns of what {@link COLUMNS} answered for these rows. Rows that answered the same share one list, so that
 * whatever is thought about columns is thought once for all tenants whose tables are alike.
 */
export async function columnsOf(
  rows: readonly { readonly columns: string }[],
): Promise<(columns: string) => readonly ReadColumn[]> {
  const texts = new Set(rows.map(({ columns }) => columns));
  const parsed = [...texts].map((text) => [text, JSON.parse(text) as ColumnLists] as const);
  const expressions = await readExpressions(
    parsed.flatMap(([, lists]) => [...lists.generated, ...lists.default]),
  );
  const built = new Map(parsed.map(([text, lists]) => [text, readColumns(lists, expressions)]));
  return (text) => {
    const columns = built.get(text);
    if (columns === undefined) throw new Error('columns are of the rows that were given');
    return columns;
  };
}

function readColumns(
  lists: ColumnLists,
  expressions: ReadonlyMap<string, ParsedExpression>,
): readonly ReadColumn[] {
  const find = (text: string | null): ParsedExpression | null =>
    text === null ? null : (expressions.get(text) ?? null);
  const columns = lists.attnum.map((attnum, at): ReadColumn => {
    const userType = fieldAt(lists.userType, at);
    const generated = find(fieldAt(lists.generated, at));
    const given = find(fieldAt(lists.default, at));
    return {
      attnum,
      name: fieldAt(lists.name, at),
      type: typeText({ text: fieldAt(lists.type, at), ref: userType }),
      userType,
      collation: fieldAt(lists.collation, at),
      notNull: fieldAt(lists.notNull, at),
      generated: generated === null ? null : withoutTree(generated),
      default: given === null ? null : asDefault(given, userType),
      computed: fieldAt(lists.computed, at),
      options: optionsOf(fieldAt(lists.options, at)),
      hasDefault: fieldAt(lists.hasDefault, at),
    };
  });
  // In order already, which no aggregate promises.
  return columns.toSorted((a, b) => a.attnum - b.attnum);
}

function fieldAt<T>(list: readonly T[], at: number): T {
  if (at >= list.length) throw new Error('the lists of columns differ in length');
  return list[at] as T;
}

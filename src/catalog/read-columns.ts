import { asDefault, readExpressions, withoutTree, type ParsedExpression } from './expression.js';
import { optionsOf, type ForeignColumn, type ShardColumn } from './relation.js';
import { typeText, type TypeRef } from './type.js';

/** The columns of a relation as {@link COLUMNS} reads them: by field, a list. */
export interface ColumnLists {
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

/** Parses the expressions of all columns of these rows, each text once; answers what makes columns of their lists. */
export async function columnsOf(
  rows: readonly { readonly columns: ColumnLists }[],
): Promise<(lists: ColumnLists) => ReadColumn[]> {
  const texts = rows.flatMap(({ columns }) => [...columns.generated, ...columns.default]);
  const expressions = await readExpressions(texts);
  const find = (text: string | null): ParsedExpression | null =>
    text === null ? null : (expressions.get(text) ?? null);
  return (lists) => {
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
  };
}

function fieldAt<T>(list: readonly T[], at: number): T {
  if (at >= list.length) throw new Error('the lists of columns differ in length');
  return list[at] as T;
}

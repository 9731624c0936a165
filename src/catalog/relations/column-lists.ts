/** The text that `columnLists` reads of a relation: of its columns, by field, a list. */
export type ColumnsText<T> = string & { readonly holds?: T };

type ColumnLists<T> = { readonly [F in keyof T]: readonly T[F][] };

/** The columns in such a text, in the order of their numbers. */
export function columnsIn<T extends { readonly attnum: number }>(text: ColumnsText<T>): readonly T[] {
  const lists: ColumnLists<T> = JSON.parse(text);
  const fields = Object.entries(lists) as [string, readonly unknown[]][];
  if (fields.some(([, list]) => list.length !== lists.attnum.length))
    throw new Error('the lists of columns differ in length');
  const columns = lists.attnum.map(
    (_, at) => Object.fromEntries(fields.map(([field, list]) => [field, list[at]])) as T,
  );
  // In order already, which no aggregate promises.
  return columns.toSorted((a, b) => a.attnum - b.attnum);
}

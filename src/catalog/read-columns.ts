import type { QualifiedName } from '../postgres/identifiers.js';
import {
  asDefault,
  readExpressions,
  withoutTree,
  type DefaultExpression,
  type Expression,
  type ParsedExpression,
} from './expression.js';

/** The expressions of a column as {@link COLUMNS} reads them. */
export interface Unparsed {
  readonly generated: string | null;
  readonly default: string | null;
}

/** A column before its expressions are parsed. */
export type ColumnRow<C> = Omit<C, keyof Unparsed> & Unparsed;

type Parsed<R extends Unparsed> = Omit<R, keyof Unparsed> & {
  readonly generated: Expression | null;
  readonly default: DefaultExpression | null;
};

/** Parses the expressions of all columns of these rows, each text once; answers what puts them into a column. */
export async function expressionsOf(
  rows: readonly { readonly columns: readonly Unparsed[] }[],
): Promise<<R extends Unparsed & { readonly userType: QualifiedName | null }>(column: R) => Parsed<R>> {
  const texts = rows.flatMap(({ columns }) =>
    columns.flatMap((column) => [column.generated, column.default]),
  );
  const expressions = await readExpressions(texts);
  const find = (text: string | null): ParsedExpression | null =>
    text === null ? null : (expressions.get(text) ?? null);
  return (column) => {
    const generated = find(column.generated);
    const given = find(column.default);
    return {
      ...column,
      generated: generated === null ? null : withoutTree(generated),
      default: given === null ? null : asDefault(given, column.userType),
    };
  };
}

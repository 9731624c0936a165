import { columnsIn, keyAfterRenames } from '../../catalog/expressions/expression.js';
import type { Column, ForeignColumn } from '../../catalog/relations/relation.js';
import { nameKey } from '../../postgres/identifiers.js';
import { pairColumns, pairsInOrder, type ColumnPair } from './pair-columns.js';

/** SET EXPRESSION came with 17 (https://www.postgresql.org/docs/17/sql-alterforeigntable.html). */
const SET_EXPRESSION = 170_000;

/** What is to happen to the expression of a column that stays. */
export type ExpressionChange = 'none' | 'drop' | 'set';

/** A column that stays where it is, altered in place. */
export interface KeptColumn extends ColumnPair {
  readonly expression: ExpressionChange;
}

/**
 * The columns that can stay: an expression can never be added to a column, and before 17 not be replaced. A
 * generated column cannot outlive a column that it is made of, nor that column's change of type (0A000). Pure.
 */
export function keepColumns(
  present: readonly ForeignColumn[],
  wanted: readonly Column[],
  renamed: ReadonlyMap<string, string | null>,
  version: number,
): readonly KeptColumn[] {
  const pairs = pairColumns(present, wanted, renamed);
  const renames = new Map(pairs.map((pair) => [pair.present.name, pair.wanted.name]));
  const convertible = pairs.flatMap((pair): KeptColumn[] => {
    const expression = expressionChange(pair, renames, version);
    return expression === 'impossible' ? [] : [{ ...pair, expression }];
  });
  for (let kept: readonly KeptColumn[] = convertible; ;) {
    const inOrder = pairsInOrder(kept, wanted);
    const untouched = new Set(inOrder.filter((pair) => !changesType(pair)).map((pair) => pair.present.name));
    const steady = inOrder.filter((pair) => staysGenerated(pair, untouched));
    if (steady.length === kept.length) return steady;
    kept = steady;
  }
}

function expressionChange(
  { present, wanted }: ColumnPair,
  renames: ReadonlyMap<string, string>,
  version: number,
): ExpressionChange | 'impossible' {
  if (wanted.generated === null) return present.generated === null ? 'none' : 'drop';
  if (present.generated === null) return 'impossible';
  if (keyAfterRenames(present.generated, renames) === wanted.generated.key) return 'none';
  return version >= SET_EXPRESSION ? 'set' : 'impossible';
}

function staysGenerated({ present, expression }: KeptColumn, untouched: ReadonlySet<string>): boolean {
  if (present.generated === null || expression === 'drop') return true;
  return [...columnsIn(present.generated)].every((name) => untouched.has(name));
}

/** Is the column's type or collation to be another one? Pure. */
export const changesType = ({ present, wanted }: ColumnPair): boolean =>
  present.type !== wanted.type || collationKey(present) !== collationKey(wanted);

const collationKey = ({ collation }: Column): string => (collation === null ? '' : nameKey(collation));

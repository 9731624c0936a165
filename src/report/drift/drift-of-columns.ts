import {
  copiedDefault,
  remoteColumnOf,
  type Column,
  type ForeignColumn,
  type ForeignTable,
  type ShardColumn,
} from '../../catalog/relations/relation.js';
import { display, type QualifiedName } from '../../postgres/identifiers.js';
import { pairColumns, pairsInOrder, type ColumnPair } from '../../veneer/tables/pair-columns.js';
import type { Drift } from './drift.js';

/** A difference of a table, without the place that all differences of the table share; `cure` where it is not sync. */
export type Difference = Pick<Drift, 'kind' | 'grade' | 'text' | 'consequence'> &
  Partial<Pick<Drift, 'cure'>> & { readonly column: string | null };

/**
 * What differs between a foreign table's columns and the shard's; of the table it matters besides whether it is a partition.
 * `version` is the veneer's server_version_num. Pure.
 */
export function columnDifferences(
  table: Pick<ForeignTable, 'columns' | 'parent'>,
  wanted: readonly ShardColumn[],
  version: number,
): Difference[] {
  const pairs = pairColumns(table.columns, wanted, new Map());
  const shown = new Set(pairs.map((pair) => pair.wanted));
  const known = new Set(pairs.map((pair) => pair.present));
  return [
    ...table.columns.filter((column) => !known.has(column)).map(extraColumn),
    ...wanted.filter((column) => !shown.has(column)).map(missingColumn),
    ...pairs.flatMap((pair) => pairDifferences(pair, version)),
    // A partition has its parent's order, and rows come by name.
    ...(table.parent === null && pairsInOrder(pairs, wanted).length < pairs.length ? [COLUMN_ORDER] : []),
  ];
}

const COLUMN_ORDER: Difference = {
  kind: 'column order',
  grade: 'writes break',
  column: null,
  text: "the columns are not in the shard's order",
  consequence: 'an INSERT without a list of columns puts values into the wrong ones',
};

const extraColumn = (column: ForeignColumn): Difference => ({
  kind: 'extra column',
  grade: 'error',
  column: column.name,
  text: `the veneer shows ${column.name}, the shard has no column ${remoteColumnOf(column)}`,
  consequence: `every read of it, SELECT * included, fails: column "${remoteColumnOf(column)}" does not exist`,
});

function missingColumn(column: ShardColumn): Difference {
  const breaks = column.notNull && !column.hasDefault;
  return {
    kind: 'missing column',
    grade: breaks ? 'writes break' : 'invisible',
    column: column.name,
    text: `the shard has ${column.name} ${column.type}, the veneer does not show it`,
    consequence: breaks
      ? 'readers do not see it, and every INSERT through the veneer fails: the column must have a value'
      : 'readers do not see it, and queries that name it fail: column does not exist',
  };
}

/** Since 17 the planner answers IS NULL by itself on a NOT NULL column, foreign tables included. */
const TRUSTS_NOT_NULL = 170_000;

function pairDifferences({ present, wanted }: ColumnPair<ShardColumn>, version: number): Difference[] {
  const difference = (part: Omit<Difference, 'column'>): Difference[] => [{ ...part, column: present.name }];
  return [
    ...(remoteColumnOf(present) === wanted.name && present.name === wanted.name
      ? []
      : difference(otherName(present, wanted))),
    ...(present.type === wanted.type ? [] : difference(otherType(present, wanted))),
    ...(collationText(present) === collationText(wanted) ? [] : difference(otherCollation(present, wanted))),
    ...(present.notNull === wanted.notNull ? [] : difference(otherNullability(present, version))),
    ...(present.generated?.key === wanted.generated?.key ? [] : difference(otherExpression(present, wanted))),
    ...defaultDifference(present, wanted, version).flatMap(difference),
  ];
}

const otherName = (present: ForeignColumn, wanted: Column): Omit<Difference, 'column'> => ({
  kind: 'option',
  grade: remoteColumnOf(present) === wanted.name ? 'error' : 'wrong answers',
  text: `${present.name} shows the shard's column ${remoteColumnOf(present)}, and should be ${wanted.name}`,
  consequence:
    remoteColumnOf(present) === wanted.name
      ? `queries that use the shard's name ${wanted.name} fail`
      : 'reads answer with the values of another column',
});

/** A type without its modifiers. */
export const baseType = (type: string): string => type.replace(/\(.*\)/, '');

const otherType = (present: Column, wanted: Column): Omit<Difference, 'column'> => {
  const sameBase = baseType(present.type) === baseType(wanted.type);
  return {
    kind: 'column type',
    grade: sameBase ? 'wrong answers' : 'error',
    text: `${present.type} on the veneer, ${wanted.type} on the shard`,
    consequence: sameBase
      ? 'values are rounded, cut or padded on the way through the veneer'
      : `a value that is no ${present.type} makes the read fail, and conditions are compared by another type`,
  };
};

const otherCollation = (present: Column, wanted: Column): Omit<Difference, 'column'> => ({
  kind: 'collation',
  grade: 'wrong answers',
  text: `collation ${collationText(present)} on the veneer, ${collationText(wanted)} on the shard`,
  consequence: 'ORDER BY and comparisons give another order than the shard would',
});

const collationText = ({ collation }: { readonly collation: QualifiedName | null }): string =>
  collation === null ? 'default' : display(collation);

const otherNullability = (present: Column, version: number): Omit<Difference, 'column'> =>
  present.notNull
    ? {
        kind: 'nullability',
        grade: version >= TRUSTS_NOT_NULL ? 'wrong answers' : 'writes break',
        text: 'NOT NULL on the veneer, nullable on the shard',
        consequence:
          version >= TRUSTS_NOT_NULL
            ? 'WHERE … IS NULL answers without asking the shard, and misses every row that has NULL'
            : 'an INSERT of NULL through the veneer is refused, though the shard would take it',
      }
    : {
        kind: 'nullability',
        grade: 'cosmetic',
        text: 'nullable on the veneer, NOT NULL on the shard',
        consequence: 'none for readers; the shard still refuses NULL',
      };

const otherExpression = (present: Column, wanted: Column): Omit<Difference, 'column'> => ({
  kind: 'generated expression',
  grade: 'writes break',
  text: `generated as ${present.generated?.sql ?? 'nothing'} on the veneer, as ${wanted.generated?.sql ?? 'nothing'} on the shard`,
  consequence:
    present.generated === null
      ? 'every INSERT through the veneer fails: the shard computes the column itself'
      : wanted.generated === null
        ? 'nobody can write the column through the veneer: it sends the default in its place'
        : 'the veneer computes its own expression for each row that is written: where that fails, the write does',
});

/** A default set by hand is looked at only where the shard's own is to be copied. */
function defaultDifference(
  present: Column,
  wanted: ShardColumn,
  version: number,
): Omit<Difference, 'column'>[] {
  const copied = copiedDefault(wanted, version);
  const had = present.default;
  if (had?.key === copied?.key || (copied === null && had?.copiedSince === null)) return [];
  return [
    {
      kind: 'default',
      grade: had === null ? 'writes break' : 'wrong answers',
      text: `default ${had?.sql ?? 'missing'} on the veneer, ${copied?.sql ?? wanted.default?.sql ?? 'none'} on the shard`,
      consequence:
        had === null
          ? `an INSERT through the veneer that leaves the column out ${wanted.notNull ? 'fails: NULL is sent' : 'stores NULL instead of the default'}`
          : "an INSERT through the veneer that leaves the column out stores another value than the shard's default",
    },
  ];
}

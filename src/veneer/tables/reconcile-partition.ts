import { boundsSql } from '../../catalog/relations/probe-bounds.js';
import { type Column, type ForeignTable, type PartitionParent } from '../../catalog/relations/relation.js';
import { ident, literal, qualified, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Definition } from '../exposure/definition.js';
import type { Partition } from '../exposure/exposure.js';
import { pairColumns, type ColumnPair } from './pair-columns.js';
import type { TablePair } from './pair-tables.js';
import {
  alterColumn,
  alterForeignTable,
  columnSql,
  planColumns,
  renameColumns,
  retypedAmong,
  type ColumnWork,
} from './reconcile-columns.js';

/** What a foreign partition's columns need: they are the parent's, and change there or nowhere. */
export interface ParentChange extends ColumnWork {
  readonly parent: PartitionParent;
}

/** In the order in which they run. */
export const parentStatements = ({ first, rest }: ParentChange): readonly string[] => [...first, ...rest];

/** What is done to a foreign table that is a partition, or is to become one. */
export interface PartitionWork {
  readonly statements: readonly string[];
  /** ATTACH PARTITION, behind the statements. */
  readonly attach: AttachedPartition | null;
  readonly onParent: ParentChange | null;
}

/** A foreign table to be attached. */
export interface AttachedPartition extends Partition {
  readonly table: QualifiedName;
}

/** Is this pair's table a partition already, where it is to be? Its columns are then those of its parent. */
const isAttached = ({ table, definition }: Pick<TablePair, 'table' | 'definition'>): boolean =>
  table.parent !== null && (definition.partition === null || sameName(table.parent, definition.partition.of));

/** A partition has no `column_name` options: it follows the parent's RENAME COLUMN (docs/facts.md). */
export function reconcilePartition(pair: TablePair, version: number): PartitionWork {
  const { table, definition } = pair;
  if (isAttached(pair)) return followParent(pair, version);
  const renamed = pair.rename?.columns ?? new Map<string, string | null>();
  const { first, rest } = alterForeignTable(
    qualified(definition),
    planColumns(table.columns, definition.columns, renamed, version),
  );
  const away =
    table.parent === null
      ? []
      : [`ALTER TABLE ${qualified(table.parent)} DETACH PARTITION ${qualified(definition)}`];
  const named = [...away, ...first, ...rest];
  const options = definition.columns.map((column) => withoutName(definition, column.name));
  return { statements: [...named, ...options], attach: attachedBy(definition), onParent: null };
}

const withoutName = (table: QualifiedName, column: string): string =>
  `ALTER FOREIGN TABLE ${qualified(table)} ALTER COLUMN ${ident(column)} OPTIONS (DROP column_name)`;

/** Under a rule that says nothing of partitions the option stays as somebody made it, as long as it is right. */
function followParent({ table, definition, rename }: TablePair, version: number): PartitionWork {
  const renamed = rename?.columns ?? new Map<string, string | null>();
  const { parent } = table;
  if (parent === null) throw new Error('a partition has a parent');
  const options = pairColumns(table.columns, definition.columns, renamed).flatMap(({ present, wanted }) => {
    const name = present.options['column_name'];
    if (name === undefined) return [];
    if (definition.partition !== null) return [withoutName(definition, wanted.name)];
    return name === wanted.name
      ? []
      : [
          `ALTER FOREIGN TABLE ${qualified(definition)} ALTER COLUMN ${ident(wanted.name)} OPTIONS (SET column_name ${literal(wanted.name)})`,
        ];
  });
  const onParent = parentWork(parent, table, definition.columns, renamed, version);
  return {
    statements: options,
    attach: null,
    onParent: parentStatements(onParent).length === 0 ? null : onParent,
  };
}

/** The order of columns is the parent's own: rows go to a partition by name. */
function parentWork(
  parent: PartitionParent,
  table: ForeignTable,
  wanted: readonly Column[],
  renamed: ReadonlyMap<string, string | null>,
  version: number,
): ParentChange {
  const name = qualified(parent);
  const alter = (action: string): string => `ALTER TABLE ${name} ${action}`;
  const { columns: present } = table;
  const pairs = pairColumns(present, wanted, renamed);
  const kept = new Set(pairs.map((pair) => pair.present));
  const shown = new Set(pairs.map((pair) => pair.wanted));
  const dropped = present.filter((column) => !kept.has(column)).map((column) => column.name);
  return {
    parent,
    dropped,
    retyped: retypedAmong(pairs),
    first: [...dropped.map((gone) => alter(`DROP COLUMN ${ident(gone)}`)), ...renameColumns(alter, pairs)],
    rest: [
      ...pairs.flatMap((pair) => alterColumn(alter, withRightName(pair), version)),
      ...wanted
        .filter((column) => !shown.has(column))
        .map((column) => alter(`ADD COLUMN ${columnSql(column, version, '')}`)),
    ],
  };
}

/** On the parent there is but the name, whatever an option of the partition says. */
const withRightName = ({ present, wanted }: ColumnPair): ColumnPair => ({
  present: { ...present, options: { column_name: wanted.name } },
  wanted,
});

const attachedBy = (definition: Definition): AttachedPartition | null =>
  definition.partition === null
    ? null
    : { ...definition.partition, table: { schema: definition.schema, name: definition.name } };

/** Made without `column_name` options, and attached. */
export const createPartition = (definition: Definition, version: number): PartitionWork => ({
  statements: [
    `CREATE FOREIGN TABLE ${qualified(definition)} (${definition.columns.map((column) => columnSql(column, version, '')).join(', ')})` +
      ` SERVER ${ident(definition.server)}` +
      ` OPTIONS (schema_name ${literal(definition.remote.schema)}, table_name ${literal(definition.remote.name)})`,
  ],
  attach: attachedBy(definition),
  onParent: null,
});

/** The statement; the bounds are the author's own SQL. */
export const attachSql = ({ of, table, bounds }: AttachedPartition): string =>
  `ALTER TABLE ${qualified(of)} ATTACH PARTITION ${qualified(table)} ${boundsSql(bounds)}`;

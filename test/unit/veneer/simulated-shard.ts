import fc from 'fast-check';
import type { NamedColumns } from '../../../src/catalog/relations/renames.js';
import type { Relation, ShardColumn } from '../../../src/catalog/relations/relation.js';
import { column } from './builders.js';

const NAMES = ['a', 'b', 'c'];
const ORDERS = ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'];

/** One change of a shard's tables, by places that are taken modulo what there is. */
export interface Edit {
  readonly kind: 'create' | 'drop' | 'rename' | 'add' | 'drop column' | 'rename column' | 'type' | 'not null';
  readonly table: number;
  readonly column: number;
  readonly name: string;
}

export const edits = fc.array(
  fc.record({
    kind: fc.constantFrom<Edit['kind']>(
      'create',
      'drop',
      'rename',
      'add',
      'drop column',
      'rename column',
      'type',
      'not null',
    ),
    table: fc.nat(7),
    column: fc.nat(7),
    name: fc.constantFrom(...NAMES, 'aside'),
  }),
  { maxLength: 12 },
);

/** A shard's tables in schema t after the edits; what a server would refuse is left out. */
export function edited(before: readonly Relation[], changes: readonly Edit[]): Relation[] {
  // Numbers as a server gives them: those of what was dropped are not given again.
  const first = before.length === 0 ? 100 : 200;
  return changes.reduce<Relation[]>(
    (tables, change, index) => editTables(tables, change, first + index),
    [...before],
  );
}

function editTables(tables: Relation[], change: Edit, number: number): Relation[] {
  if (change.kind === 'create') {
    const taken = tables.some(({ name }) => name === change.name);
    const order = ORDERS[change.column % ORDERS.length] ?? '';
    const columns = order.split('').map((name, index) => newColumn(name, index + 1));
    return taken
      ? tables
      : [
          ...tables,
          {
            oid: String(number),
            schema: 't',
            name: change.name,
            kind: 'r',
            filenode: '0',
            insertable: true,
            isPartition: false,
            columns,
          },
        ];
  }
  const table = tables[change.table % tables.length];
  if (table === undefined) return tables;
  if (change.kind === 'drop') return tables.filter((one) => one !== table);
  if (change.kind === 'rename' && tables.some(({ name }) => name === change.name)) return tables;
  const now =
    change.kind === 'rename'
      ? { ...table, name: change.name }
      : { ...table, columns: editColumns(table, change, number) };
  return tables.map((one) => (one === table ? now : one));
}

function editColumns(
  { columns }: Relation,
  { kind, column: place, name }: Edit,
  number: number,
): readonly ShardColumn[] {
  const chosen = columns[place % columns.length];
  const taken = columns.some((one) => one.name === name);
  if (kind === 'add') return taken ? columns : [...columns, newColumn(name, number)];
  if (chosen === undefined || (kind === 'rename column' && taken)) return columns;
  if (kind === 'drop column') return columns.filter((one) => one !== chosen);
  return columns.map((one) => (one === chosen ? { ...one, ...changed(one, kind, name) } : one));
}

function changed(column: ShardColumn, kind: Edit['kind'], name: string): Partial<ShardColumn> {
  if (kind === 'rename column') return { name };
  return kind === 'type' ? { type: column.type === 'int' ? 'text' : 'int' } : { notNull: !column.notNull };
}

const newColumn = (name: string, attnum: number): ShardColumn => ({
  ...column(`${name} int`),
  attnum,
  hasDefault: false,
  computed: null,
});

/** What another connection reads of the tables: names alone. */
export const raw = (tables: readonly Relation[]): NamedColumns[] =>
  tables.map(({ oid, schema, name, columns }) => ({
    oid,
    schema,
    name,
    columns,
  }));

import type { Column, ForeignColumn, ForeignTable } from '../../../src/catalog/relations/relation.js';
import { nameKey } from '../../../src/postgres/identifiers.js';
import type { Change } from '../../../src/veneer/tables/reconcile.js';
import { column } from './builders.js';

/** Just enough of PostgreSQL for names without quotes in them: it refuses what the server would refuse. */
const NAME = String.raw`"(\w+)"`;
const TABLE = String.raw`${NAME}\.${NAME}`;

type Edit = (table: ForeignTable, match: readonly string[]) => ForeignTable | null;

const EDITS: readonly (readonly [string, Edit])[] = [
  [String.raw`DROP FOREIGN TABLE ${TABLE}`, () => null],
  [String.raw`ALTER FOREIGN TABLE ${TABLE} RENAME TO ${NAME}`, (table, [name = '']) => ({ ...table, name })],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} SET SCHEMA ${NAME}`,
    (table, [schema = '']) => ({ ...table, schema }),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} OPTIONS \((.*)\)`,
    (table, [list = '']) => ({ ...table, options: { ...table.options, ...optionsIn(list) } }),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} DROP COLUMN ${NAME}`,
    (table, [name]) => ({ ...table, columns: without(table.columns, name) }),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} RENAME COLUMN ${NAME} TO ${NAME}`,
    (table, [from, to = '']) => {
      refuseTaken(table.columns, to);
      return editColumn(table, from, (one) => ({ ...one, name: to }));
    },
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} ALTER COLUMN ${NAME} OPTIONS \(SET column_name '(\w+)'\)`,
    (table, [name, remote = '']) =>
      editColumn(table, name, (one) => ({ ...one, options: { column_name: remote } })),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} ALTER COLUMN ${NAME} TYPE (\w+)`,
    (table, [name, type = '']) => editColumn(table, name, (one) => ({ ...one, type })),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} ALTER COLUMN ${NAME} (SET|DROP) NOT NULL`,
    (table, [name, verb]) => editColumn(table, name, (one) => ({ ...one, notNull: verb === 'SET' })),
  ],
  [
    String.raw`ALTER FOREIGN TABLE ${TABLE} ADD COLUMN (.*)`,
    (table, [clause = '']) => {
      const added = columnIn(clause);
      refuseTaken(table.columns, added.name);
      return { ...table, columns: [...table.columns, added] };
    },
  ],
];

const CREATE = new RegExp(
  String.raw`^CREATE FOREIGN TABLE ${TABLE} \((.*)\) SERVER ${NAME} OPTIONS \((.*)\)$`,
);

/** The foreign tables after the changes. Throws where a name is missing or taken. */
export function applyChanges(present: readonly ForeignTable[], changes: readonly Change[]): ForeignTable[] {
  const tables = new Map(present.map((table) => [nameKey(table), table]));
  for (const sql of changes.flatMap(({ statements }) => statements)) run(tables, sql);
  return [...tables.values()];
}

function run(tables: Map<string, ForeignTable>, sql: string): void {
  const create = CREATE.exec(sql);
  if (create !== null) return put(tables, created(create));
  for (const [pattern, edit] of EDITS) {
    const match = new RegExp(`^${pattern}$`).exec(sql);
    if (match === null) continue;
    const [, schema = '', name = '', ...rest] = match;
    const table = tables.get(nameKey({ schema, name }));
    if (table === undefined) throw new Error(`does not exist: ${sql}`);
    tables.delete(nameKey(table));
    const edited = edit(table, rest);
    if (edited !== null) put(tables, edited);
    return;
  }
  throw new Error(`not understood: ${sql}`);
}

function put(tables: Map<string, ForeignTable>, table: ForeignTable): void {
  if (tables.has(nameKey(table))) throw new Error(`already exists: ${nameKey(table)}`);
  tables.set(nameKey(table), table);
}

function created([
  ,
  schema = '',
  name = '',
  columns = '',
  server = '',
  options = '',
]: RegExpExecArray): ForeignTable {
  const clauses = columns === '' ? [] : columns.split(', ');
  return {
    oid: 'created',
    owner: 'admin',
    schema,
    name,
    server,
    parent: null,
    options: optionsIn(options),
    columns: clauses.map(columnIn),
  };
}

function optionsIn(list: string): Record<string, string> {
  return Object.fromEntries([...list.matchAll(/(\w+) '(\w+)'/g)].map(([, name, value]) => [name, value]));
}

function columnIn(clause: string): ForeignColumn {
  const [, name = '', type = '', remote = '', notNull = ''] =
    /^"(\w+)" (\w+) OPTIONS \(column_name '(\w+)'\)( NOT NULL)?$/.exec(clause) ?? [];
  return { ...column(`${name} ${type}${notNull}`), options: { column_name: remote } };
}

function editColumn(
  table: ForeignTable,
  name: string | undefined,
  edit: (column: ForeignColumn) => ForeignColumn,
): ForeignTable {
  if (!table.columns.some((one) => one.name === name)) throw new Error(`no column ${name} in ${table.name}`);
  return { ...table, columns: table.columns.map((one) => (one.name === name ? edit(one) : one)) };
}

const without = <C extends Column>(columns: readonly C[], name: string | undefined): C[] =>
  columns.filter((one) => one.name !== name);

function refuseTaken(columns: readonly Column[], name: string): void {
  if (columns.some((one) => one.name === name)) throw new Error(`column ${name} already exists`);
}

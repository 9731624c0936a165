import { addColumn, changeColumn } from './fuzz-columns.js';
import { at, free, NOTHING, replaced, type Applied, type Model, type Op, type Table } from './fuzz-model.js';

/** Every tenant's beginning; names that begin with t, v, c are the model's. */
export const BASE = `
  CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
  INSERT INTO counter VALUES (1, 0), (2, 0);
  CREATE TABLE t0 (id int PRIMARY KEY, c0 int, c1 text);
  INSERT INTO t0 VALUES (1, 10, 'ten'), (2, 20, NULL), (3, NULL, 'thirty');`;

export const START: Model = {
  tables: [
    {
      name: 't0',
      columns: [
        { name: 'c0', type: 'int' },
        { name: 'c1', type: 'text' },
      ],
    },
  ],
  views: [],
  counted: 0,
};

/** The change as SQL, and the model after it; one that finds nothing to change makes something, where it can. */
export function applyOp(model: Model, op: Op): Applied {
  const table = at(model.tables, op.table);
  if (op.kind === 'count')
    return { model: { ...model, counted: model.counted + 1 }, sql: ['UPDATE counter SET n = n + 1'] };
  if (op.kind === 'fail in a tenant') return { model, sql: [FAIL] };
  if (op.kind === 'temp table')
    return {
      model,
      sql: [
        'CREATE TEMP TABLE scratch AS SELECT 1 AS n',
        'UPDATE counter SET n = n + 0',
        'DROP TABLE scratch',
      ],
    };
  if (op.kind === 'create table') return createTable(model, op);
  return table === undefined ? createTable(model, op) : changeTable(model, table, op);
}

/** The tenants that are to fail stand in a table, so that the file of the migration stays as it is. */
const FAIL = `DO $$ BEGIN
  IF EXISTS (SELECT FROM fuzz.trouble WHERE tenant = current_schema()) THEN RAISE EXCEPTION 'this tenant is in trouble'; END IF;
END $$`;

function createTable(model: Model, { pick }: Op): Applied {
  const name = free('t', 5, model.tables, pick);
  if (name === null) return { model, sql: NOTHING };
  const table: Table = { name, columns: [{ name: 'c0', type: 'int' }] };
  return {
    model: { ...model, tables: [...model.tables, table] },
    sql: [
      `CREATE TABLE ${name} (id int PRIMARY KEY, c0 int)`,
      `INSERT INTO ${name} VALUES (1, ${pick}), (2, NULL)`,
    ],
  };
}

function changeTable(model: Model, table: Table, op: Op): Applied {
  const { name } = table;
  const only = (...sql: string[]): Applied => ({ model, sql });
  switch (op.kind) {
    case 'drop table':
      return dropTable(model, table);
    case 'rename table':
      return renameTable(model, table, op);
    case 'index':
      return only(`CREATE INDEX ON ${name} (id)`);
    case 'truncate':
      return only(`TRUNCATE ${name}`);
    case 'view':
      return createView(model, table, op);
    case 'add column':
    case 'add column with a default':
    case 'add date column':
    case 'add volatile column':
      return addColumn(model, table, op);
    default: {
      const column = at(table.columns, op.column);
      return column === undefined ? addColumn(model, table, op) : changeColumn(model, table, column, op);
    }
  }
}

function dropTable(model: Model, { name }: Table): Applied {
  const views = model.views.filter((view) => view.table === name);
  return {
    model: {
      ...model,
      tables: model.tables.filter((table) => table.name !== name),
      views: model.views.filter((view) => view.table !== name),
    },
    sql: [...views.map((view) => `DROP VIEW ${view.name}`), `DROP TABLE ${name}`],
  };
}

function renameTable(model: Model, table: Table, { pick }: Op): Applied {
  const to = free('t', 5, model.tables, pick);
  if (to === null) return { model, sql: NOTHING };
  const moved = model.views.map((view) => (view.table === table.name ? { ...view, table: to } : view));
  return {
    model: { ...replaced(model, table, { ...table, name: to }), views: moved },
    sql: [`ALTER TABLE ${table.name} RENAME TO ${to}`],
  };
}

function createView(model: Model, table: Table, { pick }: Op): Applied {
  const name = free('v', 2, model.views, pick);
  const [first] = model.views;
  if (name === null && first !== undefined)
    return {
      model: { ...model, views: model.views.filter((view) => view !== first) },
      sql: [`DROP VIEW ${first.name}`],
    };
  if (name === null) return { model, sql: NOTHING };
  return {
    model: { ...model, views: [...model.views, { name, table: table.name }] },
    sql: [`CREATE VIEW ${name} AS SELECT id FROM ${table.name}`],
  };
}

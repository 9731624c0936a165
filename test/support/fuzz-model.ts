/** A tenant's tables as the migrations of a schedule leave them: what the next migration can refer to. */
export interface Model {
  readonly tables: readonly Table[];
  readonly views: readonly View[];
  /** How often the rows of `counter` have been counted up. */
  readonly counted: number;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly type: string;
}

interface View {
  readonly name: string;
  readonly table: string;
}

export const OPS = [
  'create table',
  'drop table',
  'rename table',
  'add column',
  'add column with a default',
  'add date column',
  'add volatile column',
  'drop column',
  'rename column',
  'swap columns',
  'set not null',
  'drop not null',
  'change type',
  'set default',
  'count',
  'fail in a tenant',
  'temp table',
  'index',
  'view',
  'truncate',
] as const;

/** One change; the numbers pick its table, columns and names from those that are there, whichever these are. */
export interface Op {
  readonly kind: (typeof OPS)[number];
  readonly table: number;
  readonly column: number;
  readonly pick: number;
}

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

export interface Applied {
  readonly model: Model;
  readonly sql: readonly string[];
}

const NOTHING = ['SELECT 1'];
const TYPES = ['int', 'bigint', 'text', 'numeric(10,2)', 'date'] as const;

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

function addColumn(model: Model, table: Table, { kind, pick }: Op): Applied {
  const name = free('c', 6, table.columns, pick);
  if (name === null) return { model, sql: NOTHING };
  const [type, sql] = columnSql(kind, pick);
  return {
    model: replaced(model, table, { ...table, columns: [...table.columns, { name, type }] }),
    sql: [...(kind === 'add date column' ? [`SET DateStyle = 'German'`] : []), `ALTER TABLE ${table.name} ADD COLUMN ${name} ${sql}`], // prettier-ignore
  };
}

function columnSql(kind: Op['kind'], pick: number): readonly [type: string, sql: string] {
  if (kind === 'add date column') return ['date', `date DEFAULT '03.02.2024'`];
  if (kind === 'add volatile column') return ['numeric(10,2)', 'numeric(10,2) DEFAULT (random() * 100)'];
  if (kind === 'add column with a default') return ['int', `int NOT NULL DEFAULT ${pick}`];
  const type = at(TYPES, pick) ?? 'int';
  return [type, type];
}

function changeColumn(model: Model, table: Table, column: Column, { kind, pick }: Op): Applied {
  const alter = `ALTER TABLE ${table.name}`;
  const only = (...sql: string[]): Applied => ({ model, sql });
  switch (kind) {
    case 'drop column': {
      const columns = table.columns.filter((one) => one !== column);
      return {
        model: replaced(model, table, { ...table, columns }),
        sql: [`${alter} DROP COLUMN ${column.name}`],
      };
    }
    case 'rename column': {
      const to = free('c', 6, table.columns, pick);
      if (to === null) return only(...NOTHING);
      return {
        model: renamedColumns(model, table, new Map([[column.name, to]])),
        sql: [`${alter} RENAME COLUMN ${column.name} TO ${to}`],
      };
    }
    case 'swap columns':
      return swapColumns(model, table, column, pick);
    case 'set not null':
      return only(
        `UPDATE ${table.name} SET ${column.name} = ${zero(column)} WHERE ${column.name} IS NULL`,
        `${alter} ALTER ${column.name} SET NOT NULL`,
      );
    case 'drop not null':
      return only(`${alter} ALTER ${column.name} DROP NOT NULL`);
    case 'set default':
      return only(`${alter} ALTER ${column.name} SET DEFAULT ${zero(column)}`);
    default:
      return changeType(model, table, column);
  }
}

function swapColumns(model: Model, table: Table, column: Column, pick: number): Applied {
  const other = at(table.columns.filter((one) => one !== column), pick); // prettier-ignore
  if (other === undefined) return { model, sql: NOTHING };
  const names = new Map([[column.name, other.name], [other.name, column.name]]); // prettier-ignore
  const renames = [
    [column.name, 'between'],
    [other.name, column.name],
    ['between', other.name],
  ];
  return {
    model: renamedColumns(model, table, names),
    sql: renames.map(([from, to]) => `ALTER TABLE ${table.name} RENAME COLUMN ${from} TO ${to}`),
  };
}

/** Rewrites the table where the column was not text or varchar. */
function changeType(model: Model, table: Table, column: Column): Applied {
  const type = column.type === 'int' ? 'bigint' : column.type === 'text' ? 'varchar(100)' : 'text';
  const columns = table.columns.map((one) => (one === column ? { ...one, type } : one));
  const { name } = column;
  return {
    model: replaced(model, table, { ...table, columns }),
    sql: [
      `ALTER TABLE ${table.name} ALTER ${name} DROP DEFAULT`,
      `ALTER TABLE ${table.name} ALTER ${name} TYPE ${type} USING ${name}::${type}`,
    ],
  };
}

const zero = ({ type }: Column): string => (type === 'date' ? `'2020-01-01'` : `'0'`);

const replaced = (model: Model, table: Table, by: Table): Model => ({
  ...model,
  tables: model.tables.map((one) => (one === table ? by : one)),
});

const renamedColumns = (model: Model, table: Table, names: ReadonlyMap<string, string>): Model =>
  replaced(model, table, {
    ...table,
    columns: table.columns.map((one) => ({ ...one, name: names.get(one.name) ?? one.name })),
  });

const at = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** A name of a small pool that nothing has at the moment: names come back, and then mean something else. */
function free(
  prefix: string,
  pool: number,
  taken: readonly { readonly name: string }[],
  pick: number,
): string | null {
  const names = Array.from({ length: pool }, (_, index) => `${prefix}${(index + pick) % pool}`);
  return names.find((name) => !taken.some((one) => one.name === name)) ?? null;
}

import {
  at,
  free,
  NOTHING,
  replaced,
  type Applied,
  type Column,
  type Model,
  type Op,
  type Table,
} from './fuzz-model.js';

const TYPES = ['int', 'bigint', 'text', 'numeric(10,2)', 'date'] as const;

/** Adds a column to a table that has room for it. */
export function addColumn(model: Model, table: Table, { kind, pick }: Op): Applied {
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

/** Changes, renames or drops a column. */
export function changeColumn(model: Model, table: Table, column: Column, { kind, pick }: Op): Applied {
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

const renamedColumns = (model: Model, table: Table, names: ReadonlyMap<string, string>): Model =>
  replaced(model, table, {
    ...table,
    columns: table.columns.map((one) => ({ ...one, name: names.get(one.name) ?? one.name })),
  });

/** A tenant's tables as the migrations of a schedule leave them: what the next migration can refer to. */
export interface Model {
  readonly tables: readonly Table[];
  readonly views: readonly View[];
  /** How often the rows of `counter` have been counted up. */
  readonly counted: number;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly type: string;
}

export interface View {
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

export interface Applied {
  readonly model: Model;
  readonly sql: readonly string[];
}

/** SQL that does nothing: there was no room for the change. */
export const NOTHING: readonly string[] = ['SELECT 1'];

/** The model with this table in place of that one. */
export const replaced = (model: Model, table: Table, by: Table): Model => ({
  ...model,
  tables: model.tables.map((one) => (one === table ? by : one)),
});

/** By number, whatever it is. */
export const at = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** A name of a small pool that nothing has at the moment: names come back, and then mean something else. */
export function free(
  prefix: string,
  pool: number,
  taken: readonly { readonly name: string }[],
  pick: number,
): string | null {
  const names = Array.from({ length: pool }, (_, index) => `${prefix}${(index + pick) % pool}`);
  return names.find((name) => !taken.some((one) => one.name === name)) ?? null;
}

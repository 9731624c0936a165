/** Rows of one table that a migration changes a few at a time. */
export interface Backfill {
  /** The tenant's table; it needs a primary key, in whose order it is gone through. */
  readonly table: string;
  /** By column: the SQL expression that its new value is, over the row as it is. */
  readonly set: Readonly<Record<string, string>>;
  /** The SQL condition of the rows that are to be changed; left out: all. */
  readonly where?: string;
  /** Rows that one transaction goes through at most. Default: 1000. */
  readonly batch?: number;
}

/** What the builder of a migration has for this, node-pg-migrate's or ours. */
interface Builder {
  sql(sql: string): void;
  noTransaction(): void;
}

/**
 * Makes a migration one that changes rows batch by batch, each in a short transaction of its own that also writes down how
 * far it has come: whatever interrupts it, the next run goes on behind the last batch, and no row is changed twice. It
 * runs without the step's transaction (`pgm.noTransaction()`), on the shards alone, tenant after tenant. Run by
 * node-pg-migrate itself it is one UPDATE. Throws where it is called with something else than a table and columns.
 */
export function backfill(pgm: Builder, wanted: Backfill): void {
  const known: unknown = Reflect.get(pgm, BACKFILLS);
  const sql = backfillSql(checked(wanted));
  if (isMap(known)) {
    known.set(sql, wanted);
    pgm.noTransaction();
  }
  pgm.sql(sql);
}

/** Under the same key also where a project has a copy of this package of its own. */
const BACKFILLS = Symbol.for('pg-veneer.backfills');

const isMap = (value: unknown): value is Map<string, Backfill> => value instanceof Map;

/** Tells a builder to note its backfills; answers them, by the SQL that stands for each among its steps. */
export function noteBackfills(pgm: object): ReadonlyMap<string, Backfill> {
  const noted = new Map<string, Backfill>();
  Object.defineProperty(pgm, BACKFILLS, { value: noted });
  return noted;
}

const DEFAULT_BATCH = 1000;

/** How many rows one transaction goes through at most. */
export const batchOf = ({ batch = DEFAULT_BATCH }: Backfill): number => batch;

/** The whole of it as one statement; with `range` for the rows of a batch. */
export function backfillSql({ table, set, where }: Backfill, range?: string): string {
  const columns = Object.entries(set).map(([column, value]) => `${quoted(column)} = (${value}\n)`);
  const conditions = [
    ...(range === undefined ? [] : [range]),
    ...(where === undefined ? [] : [`(${where}\n)`]),
  ];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `UPDATE ${quoted(table)} SET ${columns.join(', ')}${filter}`;
}

/** This file is loaded by migrations: it imports nothing. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function checked(wanted: Backfill): Backfill {
  const { table, set, where = 'true', batch = DEFAULT_BATCH } = wanted;
  const columns = Object.entries(set ?? {});
  if (typeof table !== 'string' || table === '') throw new Error('backfill: `table` is the name of a table');
  if (columns.length === 0 || columns.some(([, value]) => typeof value !== 'string'))
    throw new Error('backfill: `set` is a map from columns to SQL expressions');
  if (typeof where !== 'string') throw new Error('backfill: `where` is an SQL condition');
  if (!Number.isInteger(batch) || batch < 1)
    throw new Error('backfill: `batch` is a number of rows, 1 or more');
  return wanted;
}

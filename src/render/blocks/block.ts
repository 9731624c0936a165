/**
 * Lines that belong together; a blank line stands between two blocks, and an empty one is left out. What a report says is said once,
 * as blocks; each writer (src/render/writers) makes its own form of them.
 */
export type Block = readonly Line[];

/** A line of words, which may be painted by a `Style`; or a row of a table; or statements. */
export type Line = string | Row | Sql;

/** A cell; painted after it was padded, so that colours do not count as columns. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
}

/** A row of a table, made by `tableLines`; rows of the same table that follow each other are one table. */
export interface Row {
  readonly kind: 'row';
  readonly table: Table;
  readonly cells: readonly Cell[];
  /** What is told of it, below it: why it failed, its steps. */
  readonly below: Block;
}

/** What the rows of a table have in common. */
export interface Table {
  /** Of each column, in columns of a terminal. */
  readonly widths: readonly number[];
  /** Names of the columns. Text has none of them, but where they are the first row. */
  readonly head: readonly string[] | 'first row';
}

/** Statements that can be copied as they stand, with a comment that says where they belong. */
export interface Sql {
  readonly kind: 'sql';
  /** A comment, painted. */
  readonly title: string;
  readonly lines: readonly string[];
}

/** Heads the report of every `--dry-run`. */
export const NOTHING_CHANGED = 'dry run: nothing was changed';

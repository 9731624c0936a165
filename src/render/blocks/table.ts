import type { Block, Cell, Row, Table } from './block.js';
import { pad, widthOf } from './width.js';

export type { Cell } from './block.js';

/** Rows of one table. `head` names its columns where a form of the report shows them; text shows a first row alone. */
export function tableLines(rows: readonly (readonly Cell[])[], head: Table['head']): readonly Row[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((width, row) => Math.max(width, widthOf(oneLine(row[column]?.text ?? ''))), 0),
  );
  const table: Table = { widths, head };
  return rows.map((cells) => ({ kind: 'row', table, cells, below: [] }));
}

/** A row of one table for each of these, with what is told of it below. */
export function tableOf<T>(
  items: readonly T[],
  head: Table['head'],
  cellsOf: (item: T) => readonly Cell[],
  belowOf: (item: T) => Block,
): readonly Row[] {
  const below = items.map(belowOf);
  return tableLines(items.map(cellsOf), head).map((row, at) => ({ ...row, below: below[at] ?? [] }));
}

/** A row as a line, columns aligned, two blanks between them. */
export const rowText = ({ cells, table }: Row): string =>
  cells
    .map((cell, column) => cellText(cell, table.widths[column] ?? 0))
    .join('  ')
    .trimEnd();

function cellText({ text, paint, align }: Cell, width: number): string {
  const padded = pad(oneLine(text), width, align === 'right' ? 'left' : 'right');
  return paint === undefined ? padded : paint(padded);
}

/** A name may hold line breaks and tabs; in a line they are shown as escapes. */
export const oneLine = (text: string): string =>
  text
    .replaceAll('\r', String.raw`\r`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`);

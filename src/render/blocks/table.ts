import { pad, widthOf } from './width.js';

/** A cell; painted after it was padded, so that colours do not count as columns. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
}

/** Rows as lines, columns aligned, two blanks between them; the last column is not padded. */
export function tableLines(rows: readonly (readonly Cell[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((width, row) => Math.max(width, widthOf(oneLine(row[column]?.text ?? ''))), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cellText(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

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

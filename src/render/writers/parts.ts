import type { Block, Cell, Line, Row, Sql, Table } from '../blocks/block.js';
import { plainOf } from '../blocks/spans.js';

/** Lines of a block that a document shows as one thing. */
export type Part = Lines | WholeTable | Sql;

export interface Lines {
  readonly kind: 'lines';
  /** Painted, without a line break. */
  readonly lines: readonly string[];
}

export interface WholeTable {
  readonly kind: 'table';
  readonly table: Table;
  /** None where nobody has named the columns. */
  readonly head: readonly Cell[];
  readonly rows: readonly Row[];
}

/** A block as its parts: rows of one table that follow each other are one, and so are lines of words. */
export function partsOf(block: Block): readonly Part[] {
  const parts: Part[] = [];
  for (const line of block) {
    const last = parts.at(-1);
    const longer = last === undefined ? null : joined(last, line);
    if (longer === null) parts.push(partOf(line));
    else parts[parts.length - 1] = longer;
  }
  return parts.filter(
    (part) => part.kind !== 'lines' || part.lines.some((line) => plainOf(line).trim() !== ''),
  );
}

function partOf(line: Line): Part {
  if (typeof line === 'string') return { kind: 'lines', lines: line.split('\n') };
  return line.kind === 'sql' ? line : tableFrom(line);
}

/** Null for a line that begins something else. */
function joined(part: Part, line: Line): Part | null {
  if (part.kind === 'lines' && typeof line === 'string')
    return { ...part, lines: [...part.lines, ...line.split('\n')] };
  const isRow = typeof line !== 'string' && line.kind === 'row';
  const goesOn = part.kind === 'table' && isRow && part.table === line.table;
  return goesOn ? { ...part, rows: [...part.rows, line] } : null;
}

function tableFrom(row: Row): WholeTable {
  const { table } = row;
  return table.head === 'first row'
    ? { kind: 'table', table, head: row.cells, rows: [] }
    : { kind: 'table', table, head: table.head.map((text) => ({ text })), rows: [row] };
}

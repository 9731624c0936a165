import type { Block, Cell, Row, Sql } from '../blocks/block.js';
import { oneLine } from '../blocks/table.js';
import type { Document } from './document.js';
import { inlineMarkdown, longestRun } from './markdown-text.js';
import { plainOf } from '../blocks/spans.js';
import { partsOf, type Part, type WholeTable } from './parts.js';

/** A document as Markdown (GitHub's, which others read as well): fit for a comment on a pull request. */
export function markdownOf({ headline, blocks }: Document): string {
  return `${[`### ${inlineMarkdown(headline, 'line')}`, ...blocks.flatMap(blockMarkdown)].join('\n\n')}\n`;
}

/** Each part stands by itself, with an empty line between. */
const blockMarkdown = (block: Block): readonly string[] => partsOf(block).flatMap(partMarkdown);

function partMarkdown(part: Part): readonly string[] {
  if (part.kind === 'sql') return [fenced(part)];
  if (part.kind === 'table') return [tableMarkdown(part), ...part.rows.flatMap(belowMarkdown)];
  return linesMarkdown(part.lines);
}

/** What is told of a row has no place in the table, and comes behind it, under the row's first words. */
function belowMarkdown({ cells, below }: Row): readonly string[] {
  if (below.length === 0) return [];
  const name = cells.map(({ text }) => text.trim()).find((text) => /[\p{L}\p{N}]/u.test(text)) ?? '';
  return [`**${inlineMarkdown(name, 'line')}**`, ...blockMarkdown(below)];
}

function tableMarkdown({ table, head, rows }: WholeTable): string {
  const columns = Math.max(1, table.widths.length);
  const cellsOf = (cells: readonly Cell[]): string[] =>
    Array.from({ length: columns }, (_, column) => cellMarkdown(cells[column]));
  const rules = Array.from({ length: columns }, (_, column) =>
    rows.some(({ cells }) => cells[column]?.align === 'right') ? '--:' : '---',
  );
  const lines = [cellsOf(head), rules, ...rows.map(({ cells }) => cellsOf(cells))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellMarkdown({ text, paint }: Cell = { text: '' }): string {
  const shown = oneLine(text).trim();
  return inlineMarkdown(paint === undefined ? shown : paint(shown), 'cell');
}

/** Lines at the left are a paragraph; what is indented below them becomes a list, as deep as it is indented. */
function linesMarkdown(lines: readonly string[]): readonly string[] {
  const known = lines.filter((line) => plainOf(line).trim() !== '');
  const least = Math.min(...known.map(indentOf));
  const parts: { readonly isList: boolean; readonly lines: string[] }[] = [];
  const outer: number[] = [];
  for (const line of known) {
    const indent = indentOf(line) - least;
    const isList = indent > 0;
    while (outer.length > 0 && (outer.at(-1) ?? 0) >= indent) outer.pop();
    const shown = `${isList ? `${'  '.repeat(outer.length)}- ` : ''}${inlineMarkdown(line, 'line')}`;
    if (isList) outer.push(indent);
    const last = parts.at(-1);
    if (last?.isList === isList) last.lines.push(shown);
    else parts.push({ isList, lines: [shown] });
  }
  // A backslash at its end breaks a line everywhere; comments would do without.
  return parts.map((part) => part.lines.join(part.isList ? '\n' : '\\\n'));
}

/** A mark may stand before the blanks. */
const indentOf = (painted: string): number => /^ */.exec(plainOf(painted))?.[0].length ?? 0;

function fenced({ title, lines }: Sql): string {
  const text = [plainOf(title), ...lines].join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}sql\n${text}\n${fence}`;
}

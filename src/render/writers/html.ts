import type { Block, Cell, Row } from '../blocks/block.js';
import { oneLine } from '../blocks/table.js';
import type { Document } from './document.js';
import { htmlPage } from './html-page.js';
import { escapeHtml, inlineHtml } from './html-text.js';
import { partsOf, type Part, type WholeTable } from './parts.js';

/** A document as one page of HTML that holds all it needs. */
export const htmlOf = ({ headline, blocks }: Document): string =>
  htmlPage(
    headline,
    blocks
      .map(blockHtml)
      .filter((html) => html !== '')
      .map((html) => `<section>\n${html}\n</section>`)
      .join('\n'),
  );

const blockHtml = (block: Block): string => partsOf(block).map(partHtml).join('\n');

function partHtml(part: Part): string {
  if (part.kind === 'table') return tableHtml(part);
  if (part.kind === 'lines') return `<p>${part.lines.map(inlineHtml).join('\n')}</p>`;
  return `<pre>${[inlineHtml(part.title), ...part.lines.map(escapeHtml)].join('\n')}</pre>`;
}

/** Each row has a body of its own, with what is told of it, so that the two are shown or hidden together. */
function tableHtml({ table, head, rows }: WholeTable): string {
  const columns = table.widths.length;
  const named = head.some(({ text }) => text !== '');
  return [
    '<div class="wide"><table>',
    ...(named ? [`<thead>${rowHtml('th', head, columns)}</thead>`] : []),
    ...rows.map((row) => `<tbody>${rowHtml('td', row.cells, columns)}${belowHtml(row, columns)}</tbody>`),
    '</table></div>',
  ].join('\n');
}

const belowHtml = ({ below }: Row, columns: number): string =>
  below.length === 0 ? '' : `\n<tr><td class="below" colspan="${columns}">${blockHtml(below)}</td></tr>`;

const rowHtml = (tag: 'th' | 'td', cells: readonly Cell[], columns: number): string =>
  `<tr>${Array.from({ length: columns }, (_, column) => cellHtml(tag, cells[column])).join('')}</tr>`;

function cellHtml(tag: 'th' | 'td', { text, paint, align }: Cell = { text: '' }): string {
  const shown = oneLine(text).trim();
  const number = align === 'right' ? ' class="number"' : '';
  return `<${tag}${number}>${inlineHtml(paint === undefined ? shown : paint(shown))}</${tag}>`;
}

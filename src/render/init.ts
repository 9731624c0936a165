import type { InitFile, InitReport } from '../report/init.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { tableLines } from './blocks/table.js';

/** Each file of the project, and whether it was made. */
export function initBlocks(report: InitReport, style: Style): readonly Block[] {
  const rows = report.files.map(({ file, state }) => [
    { text: state, paint: PAINT[state](style) },
    { text: file, paint: style.bold },
  ]);
  return [
    report.dryRun ? [NOTHING_CHANGED] : [],
    tableLines(rows, ['state', 'file']),
    ...footerBlocks(report, [], style),
  ];
}

const PAINT: Readonly<Record<InitFile['state'], (style: Style) => (text: string) => string>> = {
  made: (style) => style.green,
  'line added': (style) => style.green,
  planned: (style) => style.yellow,
  'there already': (style) => style.dim,
  'left out': (style) => style.dim,
};

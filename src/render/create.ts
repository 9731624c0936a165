import type { CreateReport } from '../report/create.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';

/** Where the new file is. */
export function createBlocks(report: CreateReport, style: Style): readonly Block[] {
  const from = report.template === null ? '' : style.dim(` (from ${report.template})`);
  return [
    [`${style.green('created')} ${style.bold(report.file)}${from}`],
    ...footerBlocks(report, [], style),
  ];
}

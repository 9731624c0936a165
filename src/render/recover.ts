import type { RecoverReport } from '../report/reports.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import { settledBlock } from './blocks/settled.js';
import type { Style } from './blocks/style.js';

/** What was settled and what had to be left. */
export function recoverBlocks(report: RecoverReport, style: Style): readonly Block[] {
  const { settled, fleet } = report;
  return [
    ...(report.dryRun && settled.length > 0 ? [[`fleet ${fleet}: would be settled so:`]] : []),
    settled.length > 0 ? settledBlock(settled, style) : [`fleet ${fleet}: nothing was found to settle`],
    ...footerBlocks(report, [], style),
  ];
}

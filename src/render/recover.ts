import type { RecoverReport } from '../report/reports.js';
import type { Block } from './block.js';
import { footerBlocks } from './footer.js';
import { settledBlock } from './settled.js';
import type { Style } from './style.js';

/** What was settled and what had to be left. */
export function recoverBlocks(report: RecoverReport, style: Style): readonly Block[] {
  const { settled, fleet } = report;
  return [
    ...(report.dryRun && settled.length > 0 ? [[`fleet ${fleet}: would be settled so:`]] : []),
    settled.length > 0 ? settledBlock(settled, style) : [`fleet ${fleet}: nothing was found to settle`],
    ...footerBlocks(report, [], style),
  ];
}

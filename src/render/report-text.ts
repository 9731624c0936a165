import type { Report } from '../report/reports.js';
import { baselineBlocks } from './baseline.js';
import type { Block } from './blocks/block.js';
import { textOf } from './writers/text.js';
import { createBlocks } from './create.js';
import { doctorBlocks } from './doctor.js';
import { historyBlocks } from './history.js';
import { initBlocks } from './init.js';
import { mapStrings, printable, withoutUrls } from './blocks/mask.js';
import { ledgerBlocks } from './ledger.js';
import { lintBlocks } from './lint.js';
import { planBlocks } from './plan.js';
import { recoverBlocks } from './recover.js';
import { rehearseBlocks } from './rehearse.js';
import { sandboxBlocks } from './sandbox.js';
import { setupBlocks } from './setup.js';
import { statusBlocks } from './status.js';
import { stopBlocks } from './stop.js';
import type { Style } from './blocks/style.js';
import { syncBlocks } from './sync.js';
import { tenantBlocks } from './tenant.js';
import { upBlocks } from './up.js';
import { whyBlocks } from './why.js';

/** A report for people; empty, or with a line break at its end. */
export function reportText(report: Report, style: Style): string {
  // Asked for to be put in a script: the url alone, as it is.
  if (report.command === 'sandbox' && report.url !== null) return `${report.url}\n`;
  return textOf(reportBlocks(report, style));
}

/** What a report says, as every form for people says it: without passwords and without control characters. */
export function reportBlocks(report: Report, style: Style): readonly Block[] {
  const safe = mapStrings(report, (text) => printable(withoutUrls(text)));
  if (report.command === 'sandbox' && report.url !== null) return [[printable(report.url)]];
  return blocksOf(safe, style);
}

function blocksOf(report: Report, style: Style): readonly Block[] {
  switch (report.command) {
    case 'up':
    case 'down':
    case 'redo':
      return upBlocks(report, style);
    case 'init':
      return initBlocks(report, style);
    case 'doctor':
      return doctorBlocks(report, style);
    case 'setup':
      return setupBlocks(report, style);
    case 'status':
      return statusBlocks(report, style);
    case 'why':
      return whyBlocks(report, style);
    case 'sync':
      return syncBlocks(report, style);
    case 'recover':
      return recoverBlocks(report, style);
    case 'history':
      return historyBlocks(report, style);
    case 'baseline':
      return baselineBlocks(report, style);
    case 'ledger':
      return ledgerBlocks(report, style);
    case 'tenant':
      return tenantBlocks(report, style);
    case 'plan':
      return planBlocks(report, style);
    case 'rehearse':
      return rehearseBlocks(report, style);
    case 'lint':
      return lintBlocks(report, style);
    case 'create':
      return createBlocks(report, style);
    case 'stop':
      return stopBlocks(report, style);
    case 'sandbox':
      return sandboxBlocks(report, style);
  }
}

import type { StoppedRun, StopReport } from '../report/reports.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { duration } from './blocks/words.js';

/** Who was asked, and what came of it. */
export function stopBlocks(report: StopReport, style: Style): readonly Block[] {
  return [sentence(report, style), ...footerBlocks(report, [], style)];
}

function sentence({ fleet, state, run, outcome, ms }: StopReport, style: Style): Block {
  if (run === null) return [`nobody works on fleet ${fleet}: there is nothing to stop`];
  if (state === 'ended')
    return [`${nameOf(run)} has ended: ${style.bold(outcome ?? '')}, after ${duration(ms)}`];
  return state === 'still running' ? [`${nameOf(run)} was asked to end`] : [];
}

function nameOf({ run, command, who, client, pid, since }: StoppedRun): string {
  const from = client === null ? '' : ` from ${client}`;
  const began = since === null ? '' : `, since ${since}`;
  return `run ${run ?? 'unknown'} (${command ?? 'unknown'} by ${who ?? 'unknown'}${from}, pid ${pid}${began})`;
}

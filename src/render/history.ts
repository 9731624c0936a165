import type { HistoryRun, RunState } from '../report/history.js';
import type { HistoryReport } from '../report/reports.js';
import type { Block } from './blocks/block.js';
import { footerBlocks, indentedProblem } from './blocks/footer.js';
import { stepBlocks } from './history-steps.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';
import { duration, plural } from './blocks/words.js';

/** A line per run; or one run with its steps, their times and statements. */
export function historyBlocks(report: HistoryReport, style: Style): readonly Block[] {
  const { runs, steps, fleet, next } = report;
  const [run] = runs;
  const footer = footerBlocks(report, [], style);
  if (steps !== null && run !== undefined)
    return [runBlock(run, style), ...stepBlocks(run, steps, style), ...footer];
  if (runs.length === 0) return [next === null ? [`fleet ${fleet}: nothing was done yet`] : [], ...footer];
  return [
    tableLines(
      runs.map((one) => row(one, style)),
      ['run', 'began', 'command', 'state', 'steps', 'took', 'who'],
    ),
    ...footer,
  ];
}

function row(run: HistoryRun, style: Style): readonly Cell[] {
  return [
    { text: run.run, paint: style.bold },
    { text: minute(run.began), paint: style.dim },
    { text: run.command },
    { text: run.state, paint: paintOf(run.state, style) },
    { text: stepsText(run) },
    { text: run.ms === null ? '' : duration(run.ms), align: 'right' },
    { text: `by ${run.who}${run.client === null ? '' : ` from ${run.client}`}`, paint: style.dim },
  ];
}

function runBlock(run: HistoryRun, style: Style): Block {
  const { command, who, client, version, began, ended, ms, state, stopAskedBy, problems } = run;
  const from = client === null ? '' : ` from ${client}`;
  const took = ended === null ? '' : `, ended ${ended}${ms === null ? '' : `, ${duration(ms)}`}`;
  return [
    `${style.bold(run.run)}  ${command}  ${paintOf(state, style)(state)}`,
    `  by ${who}${from}, pg-veneer ${version}`,
    `  began ${began}${took}`,
    ...(stopAskedBy === null ? [] : [`  ${stopAskedBy} asked it to end (migrate stop)`]),
    ...problems.flatMap((problem) => indentedProblem(problem, style)),
  ];
}

function stepsText({ steps: { committed, other } }: HistoryRun): string {
  const all = committed + other;
  if (all === 0) return '';
  return other === 0 ? plural(all, 'step') : `${committed} of ${plural(all, 'step')}`;
}

const minute = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');

function paintOf(state: RunState, style: Style): (text: string) => string {
  if (state === 'done') return style.green;
  return state === 'running' || state === 'interrupted' || state === 'stopped' ? style.yellow : style.red;
}

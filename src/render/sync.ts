import type { SyncReport, SyncVeneer } from '../report/reports.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks, indentedProblem } from './blocks/footer.js';
import { settledBlock } from './blocks/settled.js';
import { sqlBlock } from './blocks/sql-block.js';
import type { Style } from './blocks/style.js';
import { tableOf, type Cell } from './blocks/table.js';
import { plural } from './blocks/words.js';

/** Each veneer: in line, repaired by which statements, or why not. */
export function syncBlocks(report: SyncReport, style: Style): readonly Block[] {
  const { veneers, settled, dryRun } = report;
  const lines = tableOf(
    veneers,
    ['veneer', 'state', 'statements'],
    (veneer) => row(veneer, style),
    ({ problem }) => indentedProblem(problem, style),
  );
  // Of one that failed they are those of the shards before, which are committed.
  const sql = veneers.map(({ veneer, statements }) =>
    sqlBlock(`${dryRun ? 'to run' : 'ran'} on ${veneer}`, statements, style),
  );
  const shown = veneers.map(({ problem }) => problem);
  return [
    settledBlock(settled, style),
    dryRun ? [NOTHING_CHANGED] : [],
    lines,
    ...sql,
    ...footerBlocks(report, shown, style),
  ];
}

function row({ veneer, state, statements }: SyncVeneer, style: Style): readonly Cell[] {
  const isGood = state === 'in line' || state === 'repaired';
  const size = statements.length === 0 ? '' : plural(statements.length, 'statement');
  return [
    { text: veneer, paint: style.bold },
    { text: state, paint: state === 'failed' ? style.red : isGood ? style.green : style.yellow },
    { text: size },
  ];
}

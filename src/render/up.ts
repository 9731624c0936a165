import type { UpReport, UpShard } from '../report/up.js';
import type { Block } from './blocks/block.js';
import { footerBlocks, indentedProblem } from './blocks/footer.js';
import { settledBlock } from './blocks/settled.js';
import type { Style } from './blocks/style.js';
import { tableOf, type Cell } from './blocks/table.js';
import { dryRunBlocks } from './up-dry-run.js';
import { stepLines, veneerStepLines } from './up-steps.js';
import { whoIsWhere } from './who-is-where.js';
import { duration, plural } from './blocks/words.js';

/** Above so many lines of steps, only the shards that are not clean show theirs. */
const MOST_STEP_LINES = 40;

/** Each shard with its steps and what stopped it; who is where, when not all are at one place. */
export function upBlocks(report: UpReport, style: Style): readonly Block[] {
  const { settled, shards, veneerSteps, dryRun } = report;
  const shown = dryRun ? [] : [...shards, ...veneerSteps].map(({ problem }) => problem);
  return [
    settledBlock(settled, style),
    ...(dryRun ? dryRunBlocks(report, style) : ranBlocks(report, style)),
    ...footerBlocks(report, shown, style),
  ];
}

function ranBlocks(report: UpReport, style: Style): readonly Block[] {
  const { shards } = report;
  const all = shards.reduce((sum, { steps }) => sum + steps.length, 0) <= MOST_STEP_LINES;
  const below = (shard: UpShard): Block => [
    ...(all || !isClean(shard) ? stepLines(shard, style) : []),
    ...indentedProblem(shard.problem, style),
  ];
  const veneers = veneerStepLines(report.veneerSteps, style);
  return [
    tableOf(shards, ['shard', 'state', 'steps', 'tenants'], (shard) => row(shard, style), below),
    veneers.length === 0 ? [] : [style.bold('veneers'), ...veneers],
    whoIsWhere(report, style),
    summary(report),
  ];
}

const isClean = ({ state }: UpShard): boolean => state === 'done' || state === 'up to date';

function row(shard: UpShard, style: Style): readonly Cell[] {
  const { state, steps, tenants } = shard;
  const committed = steps.filter((step) => step.state === 'committed').length;
  const isWhole = committed === steps.length;
  const done = isWhole ? plural(committed, 'step') : `${committed} of ${plural(steps.length, 'step')}`;
  const paint = isClean(shard) ? style.green : state === 'not started' ? style.yellow : style.red;
  return [
    { text: shard.shard, paint: style.bold },
    { text: state, paint },
    { text: steps.length === 0 ? '' : done },
    { text: plural(tenants.length, 'tenant'), paint: style.dim },
  ];
}

function summary({ command, shards, veneerSteps, exitCode, ms }: UpReport): Block {
  if (exitCode !== 0) return [];
  const steps = [...shards.flatMap((shard) => shard.steps), ...veneerSteps];
  const committed = steps.filter(({ state }) => state === 'committed').length;
  if (committed === 0 && shards.every(isClean))
    return [`nothing to do: ${command === 'up' ? 'every' : 'no'} migration is applied`];
  return [`${plural(committed, 'step')} committed in ${duration(ms)}`];
}

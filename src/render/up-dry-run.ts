import type { UpOrder, UpReport, UpShard } from '../report/up.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { sqlBlock } from './blocks/sql-block.js';
import type { Style } from './blocks/style.js';
import { tableLines } from './blocks/table.js';
import { duration, names, plural, stepName } from './blocks/words.js';

/** What would run: each shard's steps, and each migration's statements once, however many shards run them. */
export function dryRunBlocks(report: UpReport, style: Style): readonly Block[] {
  const { shards, order } = report;
  const rows = shards.map(({ shard, state, steps, tenants }) => [
    { text: shard, paint: style.bold },
    { text: steps.length === 0 ? state : `${plural(steps.length, 'step')} to do` },
    { text: plural(tenants.length, 'tenant'), paint: style.dim },
  ]);
  const remark = style.dim('-- what changes on the veneer is read inside of each step, when it runs');
  return [
    [NOTHING_CHANGED],
    tableLines(rows, ['shard', 'steps', 'tenants']),
    ...order.map((one) => migrationBlock(one, report, style)),
    order.length > 0 ? [remark] : [],
    hooksBlock(report, style),
  ];
}

/** They are not run; what they would do, nobody knows but they. */
function hooksBlock({ hooks }: UpReport, style: Style): Block {
  if (hooks.length === 0) return [];
  const rows = hooks.map(({ event, hook, timeoutMs }) => [
    { text: `  ${event}` },
    { text: hook },
    { text: `at most ${duration(timeoutMs)}`, paint: style.dim },
  ]);
  return [style.bold('hooks'), ...tableLines(rows, ['event', 'hook', 'time'])];
}

function migrationBlock(one: UpOrder, { shards, veneerSteps }: UpReport, style: Style): Block {
  const isOne = (step: UpOrder): boolean => stepName(step) === stepName(one);
  const steps = shards.flatMap(({ shard, steps }) => steps.filter(isOne).map((step) => ({ ...step, shard })));
  const ofVeneers = veneerSteps.find(isOne);
  const { statements = [] } = steps[0] ?? ofVeneers ?? {};
  const where =
    one.scope === 'tenant'
      ? `for each tenant of: ${names(steps.map(({ shard, tenants }) => `${shard} (${names(tenants)})`))}`
      : `once on: ${names(ofVeneers?.veneers ?? steps.map(({ shard }) => shard))}`;
  return sqlBlock(`${stepName(one)}, ${where}`, statements, style);
}

/** The names of steps in the order in which they run; each shard's steps are a part of the same order. */
export function migrationsOf(shards: readonly Pick<UpShard, 'steps'>[]): readonly string[] {
  const longestFirst = shards.toSorted((a, b) => b.steps.length - a.steps.length);
  return [...new Set(longestFirst.flatMap(({ steps }) => steps.map(stepName)))];
}

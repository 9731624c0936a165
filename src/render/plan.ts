import { groupBy } from '../group-by.js';
import type { PlanBatch, PlanMigration, PlanReport, PlanShard, PlanStatement } from '../report/plan.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { oneLine, tableLines, type Cell } from './blocks/table.js';
import { duration, names, plural } from './blocks/words.js';

/** For whom what is pending; what each migration does; each shard's steps; what was written. */
export function planBlocks(report: PlanReport, style: Style): readonly Block[] {
  const { migrations, groups, shards, batches, capacity, files } = report;
  if (migrations.length === 0) return [['nothing is pending'], ...footerBlocks(report, [], style)];
  const lanes = style.dim(`${plural(capacity.lanes, 'shard')} at a time`);
  return [
    [
      style.bold('pending:'),
      ...tableLines(
        groups.map(({ scope, subjects, pending }) => [
          { text: `  ${plural(subjects.length, scope)}` },
          { text: names(subjects), paint: style.dim },
          { text: names(pending, 3), paint: style.yellow },
        ]),
        ['for', 'names', 'pending'],
      ),
    ],
    ...migrations.map((migration) => migrationBlock(migration, style)),
    [
      style.bold('shards:'),
      ...tableLines(
        shards.map((shard) => shardRow(shard, style)),
        ['shard', 'steps', 'statements', 'time'],
      ),
      `  ${lanes}`,
    ],
    batches.length === 0
      ? []
      : [
          style.bold('batches:'),
          ...tableLines(batchRows(batches, style), ['migration', 'steps', 'shards', 'why']),
        ],
    files.length === 0 ? [] : [style.bold('written:'), ...files.map((file) => `  ${file}`)],
    ...footerBlocks(report, [], style),
  ];
}

function migrationBlock(one: PlanMigration, style: Style): Block {
  const each = one.msEach === null ? 'time unknown' : `${duration(one.msEach)} each`;
  const more = [
    plural(one.runs, one.scope),
    each,
    ...(one.transaction === 'none' ? ['no transaction'] : []),
    ...(one.verified ? ['verified'] : []),
  ];
  const head = `${style.bold(one.migration)}  ${style.dim(more.join(', '))}`;
  if (one.statements === null)
    return [head, '  asks the database: its statements are known only when it runs'];
  return [
    head,
    ...tableLines(
      one.statements.map((statement) => statementRow(statement, style)),
      ['statement', 'effects'],
    ),
  ];
}

/** Longer ones are cut: JSON and the files have them whole. */
const LONGEST = 60;

function statementRow(
  { sql, locks, others, rewrites, writes }: PlanStatement,
  style: Style,
): readonly Cell[] {
  const line = oneLine(sql.replaceAll(/\s+/g, ' '));
  const held = locks.map(({ relation, mode }) => `${relation}: ${mode}`);
  const isHeavy = rewrites === 'yes';
  const effects = [
    ...(rewrites === 'no' ? [] : [isHeavy ? 'rewrites' : 'may rewrite']),
    ...held,
    ...(others === 'unknown' ? ['may lock more'] : []),
    ...writes.map(({ column, effect }) => `through the veneer ${column ?? ''} ${effect}`),
  ];
  return [
    { text: `  ${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}` },
    { text: effects.join(', '), paint: isHeavy ? style.red : style.dim },
  ];
}

const shardRow = ({ shard, steps, statements, estimateMs }: PlanShard, style: Style): readonly Cell[] => [
  { text: `  ${shard}` },
  { text: steps.length === 0 ? 'up to date' : plural(steps.length, 'step') },
  { text: steps.length === 0 ? '' : statements === null ? '' : plural(statements, 'statement') },
  {
    text: steps.length === 0 ? '' : estimateMs === null ? 'time unknown' : `about ${duration(estimateMs)}`,
    paint: style.dim,
  },
];

const WHY: Readonly<Record<PlanBatch['by'], string>> = {
  'lock table': 'more would fill half of the lock table of the smallest server: max_locks_per_transaction',
  readers: 'readers wait for all tenants of a step, and more save little time: rollout.batch',
  'rollout.batch': 'rollout.batch',
};

/** Shards that are cut alike share a line. */
function batchRows(batches: readonly PlanBatch[], style: Style): readonly (readonly Cell[])[] {
  const alike = groupBy(batches, ({ migration, steps, tenants, by }) =>
    JSON.stringify([migration, steps, tenants, by]),
  );
  return [...alike.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const { migration, steps, tenants, by } = first;
    return [
      [
        { text: `  ${migration}` },
        { text: `${plural(steps, 'step')} of up to ${plural(tenants, 'tenant')}` },
        { text: names(some.map(({ shard }) => shard)) },
        { text: WHY[by], paint: style.dim },
      ],
    ];
  });
}

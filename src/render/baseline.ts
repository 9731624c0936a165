import { groupBy } from '../group-by.js';
import type { BaselineReport, BaselineTenant } from '../report/baseline.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';
import { names, plural } from './blocks/words.js';

/** Tenants of a shard that fare alike in one row; then the lists of migrations, each once. */
export function baselineBlocks(report: BaselineReport, style: Style): readonly Block[] {
  const groups = [...groupBy(report.tenants, rowKey).values()];
  const lists = [...groupBy(report.tenants, ({ migrations }) => migrations.join('\n')).values()];
  return [
    report.dryRun ? [NOTHING_CHANGED] : [],
    tableLines(
      groups.map((group) => row(group, style)),
      ['shard', 'tenants', 'state', 'migrations', 'pending'],
    ),
    ...lists.map((tenants) => listBlock(tenants, style)),
    ...footerBlocks(report, [], style),
  ];
}

const rowKey = ({ shard, state, migrations, pending }: BaselineTenant): string =>
  JSON.stringify([shard, state, migrations, pending]);

function row(tenants: readonly BaselineTenant[], style: Style): readonly Cell[] {
  const [{ shard, state, migrations, pending } = EMPTY] = tenants;
  const paint = state === 'refused' ? style.red : state === 'recorded' ? style.green : style.yellow;
  return [
    { text: shard, paint: style.bold },
    { text: names(tenants.map(({ tenant }) => tenant)) },
    { text: state, paint },
    {
      text:
        migrations.length === 0 ? '' : `${plural(migrations.length, 'migration')}, to ${migrations.at(-1)}`,
    },
    { text: pending.length === 0 ? '' : `${pending.length} pending then`, paint: style.dim },
  ];
}

const EMPTY: BaselineTenant = { shard: '', tenant: '', state: 'not started', migrations: [], pending: [] };

function listBlock(tenants: readonly BaselineTenant[], style: Style): Block {
  const migrations = tenants[0]?.migrations ?? [];
  if (migrations.length === 0) return [];
  const title = `recorded as applied, for ${names(tenants.map(({ tenant }) => tenant))}:`;
  return [style.bold(title), ...migrations.map((name) => `  ${name}`)];
}

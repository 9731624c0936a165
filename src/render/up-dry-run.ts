import type { UpReport, UpShard } from '../report/reports.js';
import { NOTHING_CHANGED, type Block } from './block.js';
import { sqlBlock } from './sql-block.js';
import type { Style } from './style.js';
import { tableLines } from './table.js';
import { names, plural } from './words.js';

/** What would run: each shard's steps, and each migration's statements once, however many shards run them. */
export function dryRunBlocks({ shards }: UpReport, style: Style): readonly Block[] {
  const rows = shards.map(({ shard, steps, tenants }) => [
    { text: shard, paint: style.bold },
    { text: steps.length === 0 ? 'up to date' : `${plural(steps.length, 'step')} to do` },
    { text: plural(tenants.length, 'tenant'), paint: style.dim },
  ]);
  const migrations = migrationsOf(shards);
  const remark = style.dim('-- what changes on the veneer is read inside of each step, when it runs');
  return [
    [NOTHING_CHANGED],
    tableLines(rows),
    ...migrations.map((migration) => migrationBlock(migration, shards, style)),
    migrations.length > 0 ? [remark] : [],
  ];
}

function migrationBlock(migration: string, shards: readonly UpShard[], style: Style): Block {
  const steps = shards.flatMap(({ shard, steps }) =>
    steps.filter((step) => step.migration === migration).map((step) => ({ ...step, shard })),
  );
  const where = names(steps.map(({ shard, tenants }) => `${shard} (${names(tenants)})`));
  return sqlBlock(`${migration}, for each tenant of: ${where}`, steps[0]?.statements ?? [], style);
}

/** In the order in which they run; each shard's steps are a part of the same order. */
export function migrationsOf(shards: readonly Pick<UpShard, 'steps'>[]): readonly string[] {
  const longestFirst = shards.toSorted((a, b) => b.steps.length - a.steps.length);
  return [...new Set(longestFirst.flatMap(({ steps }) => steps.map(({ migration }) => migration)))];
}

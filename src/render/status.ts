import type { StatusReport } from '../report/status.js';
import type { Block } from './blocks/block.js';
import { driftBlock } from './blocks/drift.js';
import { footerBlocks } from './blocks/footer.js';
import { memberBlocks } from './blocks/members.js';
import { statusTable } from './status-table.js';
import type { Style } from './blocks/style.js';
import { tableLines } from './blocks/table.js';
import { writesBlock } from './blocks/writes.js';
import { groupBy } from '../group-by.js';
import { age, count, names, plural } from './blocks/words.js';

/** Shards × tenants; then what there is to tell: pending, drift, in doubt, members that are away or not set up. */
export function statusBlocks(report: StatusReport, style: Style): readonly Block[] {
  const shown = report.members.map(({ problem }) => problem);
  return [
    [headline(report)],
    statusTable(report, style),
    siblingsBlock(report, style),
    pendingBlock(report, style),
    driftBlock(report.drift, style),
    writesBlock(report.writes, style),
    inDoubtBlock(report, style),
    ...memberBlocks(report.members, style),
    report.exitCode === 0 && report.drift.length === 0
      ? [style.green('nothing pending, no drift, nothing in doubt')]
      : [],
    report.verified === null
      ? []
      : [`${plural(report.verified, 'foreign table')} compared with IMPORT FOREIGN SCHEMA`],
    ...footerBlocks(report, shown, style),
  ];
}

function headline({ fleet, members, shards, migrations }: StatusReport): string {
  const veneers = members.filter(({ role }) => role !== 'shard').length;
  const tenants = shards.reduce((sum, shard) => sum + shard.tenants.length, 0);
  const versions = [...new Set(members.flatMap(({ version }) => version ?? []))];
  const parts = [
    veneers === 0 ? null : plural(veneers, 'veneer'),
    plural(shards.length, 'shard'),
    plural(tenants, 'tenant'),
    plural(migrations.length, 'migration'),
    versions.length === 0 ? null : `PostgreSQL ${names(versions)}`,
  ];
  return `fleet ${fleet}: ${parts.filter((part) => part !== null).join(', ')}`;
}

/** `tenants: 797 alike, 2 behind, 1 odd`, where not all are alike. */
function siblingsBlock({ siblings }: StatusReport, style: Style): Block {
  const { alike, behind, odd, absent, unread } = siblings;
  const parts = Object.entries({ alike, behind, odd, absent, 'not read': unread }).filter(([, n]) => n > 0);
  if (behind + odd + absent + unread === 0) return [];
  return [`${style.bold('tenants:')} ${parts.map(([word, n]) => `${count(n)} ${word}`).join(', ')}`];
}

function pendingBlock({ migrations, shards, own }: StatusReport, style: Style): Block {
  const pairs = shards
    .flatMap(({ tenants }) => tenants)
    .flatMap(({ tenant, pending }) => pending.map((migration) => ({ migration, tenant })));
  const ownRows = own.flatMap(({ scope, member, pending }) =>
    pending.map((migration) => [
      { text: `  ${scope}/${migration}`, paint: style.yellow },
      { text: 'once on' },
      { text: member, paint: style.dim },
    ]),
  );
  if (pairs.length + ownRows.length === 0) return [];
  const byMigration = groupBy(pairs, ({ migration }) => migration);
  const rows = [...byMigration]
    .toSorted(([a], [b]) => migrations.indexOf(a) - migrations.indexOf(b))
    .map(([migration, list]) => [
      { text: `  ${migration}`, paint: style.yellow },
      { text: plural(list.length, 'tenant') },
      { text: names(list.map(({ tenant }) => tenant)), paint: style.dim },
    ]);
  return [
    style.bold('pending:'),
    ...tableLines([...rows, ...ownRows], ['migration', 'pending for', 'names']),
  ];
}

function inDoubtBlock({ inDoubt }: StatusReport, style: Style): Block {
  if (inDoubt.length === 0) return [];
  const rows = inDoubt.map(({ member, step, owner, gid, ageSeconds }) => [
    { text: `  ${member}`, paint: style.red },
    { text: `for ${age(ageSeconds)}` },
    { text: `step ${step}` },
    { text: `prepared by ${owner} as ${gid}`, paint: style.dim },
  ]);
  return [
    style.bold('in doubt, prepared and not settled (migrate recover ends it):'),
    ...tableLines(rows, ['member', 'since', 'step', 'transaction']),
  ];
}

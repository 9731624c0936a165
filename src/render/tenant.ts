import type { TenantLine, TenantReport, TenantState } from '../report/tenant.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';

/** A tenant a row. */
export function tenantBlocks(report: TenantReport, style: Style): readonly Block[] {
  const { dryRun, tenants, action } = report;
  const rows = tableLines(
    tenants.map((line) => row(line, style)),
    ['tenant', 'shard', 'schema', 'state', 'last'],
  );
  const none = action === 'list' && tenants.length === 0 ? ['no tenants'] : [];
  return [dryRun ? [NOTHING_CHANGED] : [], [...rows, ...none], ...footerBlocks(report, [], style)];
}

const row = (
  { tenant, shard, schema, state, version, pending }: TenantLine,
  style: Style,
): readonly Cell[] => [
  { text: tenant, paint: style.bold },
  { text: shard },
  { text: schema === null || schema === tenant ? '' : `schema ${schema}`, paint: style.dim },
  { text: state === 'pending' ? `${pending ?? 0} pending` : state, paint: PAINT[state](style) },
  { text: version ?? '', paint: style.dim },
];

const green = (style: Style) => style.green;
const yellow = (style: Style) => style.yellow;
const red = (style: Style) => style.red;

const PAINT: Readonly<Record<TenantState, (style: Style) => (text: string) => string>> = {
  live: green,
  pending: yellow,
  'not made': yellow,
  left: yellow,
  unreachable: red,
  'to add': yellow,
  added: green,
  'there already': green,
  'to drop': yellow,
  dropped: green,
  'not shown': red,
  failed: red,
  'in doubt': red,
  'not started': yellow,
};

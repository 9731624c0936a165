import type { ShardStatus, StatusReport, TenantStatus } from '../report/status.js';
import { groupBy } from '../group-by.js';
import type { Block } from './blocks/block.js';
import type { Style } from './blocks/style.js';
import { tableOf, type Cell } from './blocks/table.js';
import { count } from './blocks/words.js';

/** Tenants of a shard that are shown though there is nothing to tell of them. */
const MOST_TENANTS = 50;

/**
 * A row per tenant; of a large shard those with something to tell, and the first fifty. Before all others stand those that lack
 * what their siblings have: a tenant that was skipped is not to be overlooked.
 */
export function statusTable({ shards }: StatusReport, style: Style): Block {
  const head = ['shard', 'tenant', 'applied', 'pending', 'last', 'drift'].map((text) => ({
    text,
    paint: style.dim,
  }));
  const first = shards.flatMap((shard) =>
    behindSiblings(shard).map((tenant) => tenantRow(shard.shard, tenant, style)),
  );
  const parts = [{ rows: first, remark: null }, ...shards.map((shard) => shardRows(shard, style))];
  const rows = parts.flatMap(({ rows, remark }) =>
    rows.map((cells, at) => ({ cells, remark: at === rows.length - 1 ? remark : null })),
  );
  return tableOf(
    [{ cells: head, remark: null }, ...rows],
    'first row',
    ({ cells }) => cells,
    ({ remark }) => (remark === null ? [] : [style.dim(remark)]),
  );
}

interface ShardRows {
  readonly rows: readonly (readonly Cell[])[];
  /** Goes below the rows. */
  readonly remark: string | null;
}

/** Tenants with a migration pending that another of their shard has: skipped by `up`, or new. */
function behindSiblings({ tenants }: ShardStatus): readonly TenantStatus[] {
  const known = tenants.filter(({ applied }) => applied !== null);
  const lacking = groupBy(
    known.flatMap(({ pending }) => pending),
    (name) => name,
  );
  return known.filter(({ pending }) =>
    pending.some((name) => (lacking.get(name)?.length ?? 0) < known.length),
  );
}

function shardRows(status: ShardStatus, style: Style): ShardRows {
  const { shard, reachable } = status;
  const first = new Set(behindSiblings(status));
  const tenants = status.tenants.filter((tenant) => !first.has(tenant));
  const shown = shownTenants(tenants, reachable);
  const hidden = tenants.length - shown.length;
  const rows = shown.map((tenant) => tenantRow(shard, tenant, style));
  const name: Cell = { text: shard, paint: style.bold };
  const empty: Cell[] = [name, { text: reachable ? '(no tenants)' : '(unreachable)', paint: style.dim }];
  return {
    rows: rows.length > 0 || first.size > 0 ? rows : [empty],
    remark: hidden === 0 ? null : `${shard}: … and ${count(hidden)} more (--json lists all)`,
  };
}

function shownTenants(tenants: readonly TenantStatus[], reachable: boolean): readonly TenantStatus[] {
  const tells = ({ applied, pending, drift }: TenantStatus): boolean =>
    reachable && (applied === null || pending.length > 0 || drift > 0);
  let quiet = 0;
  return tenants.filter((tenant) => tells(tenant) || quiet++ < MOST_TENANTS);
}

function tenantRow(shard: string, status: TenantStatus, style: Style): readonly Cell[] {
  const { tenant, applied, pending, last, drift } = status;
  const isKnown = applied !== null;
  return [
    { text: shard, paint: style.bold },
    { text: tenant },
    { text: isKnown ? count(applied) : '?', align: 'right' },
    amount(isKnown || pending.length > 0 ? pending.length : null, style.yellow),
    { text: isKnown ? (last ?? '-') : '?' },
    amount(isKnown || drift > 0 ? drift : null, style.red),
  ];
}

function amount(value: number | null, paint: (text: string) => string): Cell {
  if (value === null) return { text: '?', align: 'right' };
  return value === 0 ? { text: '-', align: 'right' } : { text: count(value), align: 'right', paint };
}

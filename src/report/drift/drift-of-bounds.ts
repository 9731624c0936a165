import { boundsSql } from '../../catalog/relations/probe-bounds.js';
import { display, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Drift } from './drift.js';

/** A partition that is attached with other bounds than its rule has by now; bounds as PostgreSQL shows them. */
export interface ChangedBounds {
  readonly veneer: string;
  readonly shard: string;
  readonly tenant: string | null;
  readonly table: QualifiedName;
  readonly parent: QualifiedName;
  readonly present: string;
  readonly wanted: string;
}

/** Partitions whose bounds are not those of their rules. Pure. */
export const boundsDrift = (changed: readonly ChangedBounds[]): Drift[] =>
  changed.map((one): Drift => ({
    kind: 'partition',
    grade: 'wrong answers',
    where: {
      shard: one.shard,
      veneer: one.veneer,
      ...(one.tenant === null ? {} : { tenant: one.tenant }),
    },
    object: display(one.table),
    text: `it is attached to ${display(one.parent)} ${one.present}, and shards.yaml says ${one.wanted}`,
    consequence: `readers of ${display(one.parent)} who ask for a range miss its rows outside the bounds it has; new rows there are refused or land elsewhere`,
    cure: boundsCure(one),
  }));

/** What to do by hand: PostgreSQL alters no bounds, and rows are out of sight while a partition is detached. */
export function boundsCure({ parent, table, shard, veneer, wanted }: ChangedBounds): string {
  const detach = detachSql(parent, table);
  return shard === veneer
    ? `on ${veneer}: BEGIN; ${detach}; ${attachSql(parent, table, wanted)}; COMMIT; or put the old bounds back`
    : `when no reader needs its rows for a moment: ${detach} on ${veneer}, then migrate sync, which attaches it anew; or put the old bounds back`;
}

/** In a mesh: a region's own table, which is to be a partition there of what the region shows of the others. */
export interface Home {
  readonly shard: string;
  readonly tenant: string | null;
  readonly table: QualifiedName;
  readonly parent: QualifiedName;
  /** As behind FOR VALUES, or DEFAULT. */
  readonly bounds: string;
  /** What it is attached to instead; null: nothing. */
  readonly present: QualifiedName | null;
}

/** Regions without a home: their own table is no partition where it is. Pure. */
export const homeDrift = (homes: readonly Home[]): Drift[] =>
  homes.map(({ shard, tenant, table, parent, bounds, present }): Drift => ({
    kind: 'partition',
    grade: 'invisible',
    where: { shard, veneer: shard, ...(tenant === null ? {} : { tenant }) },
    object: display(table),
    text: `${shard} has no home for its own rows: it is no partition of ${display(parent)} there${present === null ? '' : `, but of ${display(present)}`}`,
    consequence: `in ${shard}, readers of ${display(parent)} do not see its rows, and rows for it are refused or land elsewhere`,
    cure: `on ${shard}: ${present === null ? '' : `${detachSql(present, table)}; `}${attachSql(parent, table, boundsSql(bounds))}`,
  }));

const detachSql = (parent: QualifiedName, table: QualifiedName): string =>
  `ALTER TABLE ${qualified(parent)} DETACH PARTITION ${qualified(table)}`;

const attachSql = (parent: QualifiedName, table: QualifiedName, bounds: string): string =>
  `ALTER TABLE ${qualified(parent)} ATTACH PARTITION ${qualified(table)} ${bounds}`;

import type { CapturedAttachment, CapturedView } from '../../catalog/captured/captured.js';
import type { Dependent } from '../../catalog/captured/read-dependents.js';
import { nameKey } from '../../postgres/identifiers.js';

/** A dependent that forbids a step, and why it cannot be helped; null: it hangs on something that goes. */
export interface Obstacle {
  readonly text: string;
  readonly on: string;
  readonly why: string | null;
}

/** What cannot be put aside: all that hangs on a drop, and of what hangs on a type what we do not know. Pure. */
export function obstaclesAmong(dependents: readonly Dependent[]): Obstacle[] {
  return dependents.flatMap(({ fate, kind, text, on }): Obstacle[] => {
    if (fate === 'drop') return [{ text, on, why: null }];
    if (kind === 'materialized view')
      return [{ text, on, why: 'its rows cannot be read from a shard within the step' }];
    return kind === 'other' ? [{ text, on, why: 'it cannot be put aside and restored' }] : [];
  });
}

/** What could be put aside, were it not for its owner, its extension, its grants. Pure. */
export function obstaclesOf(
  dependents: readonly Dependent[],
  captured: readonly (CapturedView | CapturedAttachment)[],
): Obstacle[] {
  return captured.flatMap(({ oid, obstacles }) => {
    const dependent = dependents.find((one) => one.oid === oid);
    return dependent === undefined
      ? []
      : obstacles.map((why) => ({ text: dependent.text, on: dependent.on, why }));
  });
}

/**
 * Views with each after all that it is over. Null where they go round in a circle, which only a view turned around
 * by hand can. Pure.
 */
export function bottomUp<V extends { readonly oid: string }>(
  views: readonly V[],
  dependents: readonly Dependent[],
): V[] | null {
  const known = new Set(views.map(({ oid }) => oid));
  const below = new Map<string, string[]>();
  for (const { kind, oid, over } of dependents) {
    if (kind === 'view' && known.has(over) && over !== oid) below.set(oid, [...(below.get(oid) ?? []), over]);
  }
  const placed = new Set<string>();
  const ordered: V[] = [];
  while (ordered.length < views.length) {
    const ready = views.filter(
      ({ oid }) => !placed.has(oid) && (below.get(oid) ?? []).every((under) => placed.has(under)),
    );
    if (ready.length === 0) return null;
    for (const view of ready) placed.add(view.oid);
    ordered.push(...ready);
  }
  return ordered;
}

/** What must be the same after restoring, as text; the texts of queries are left out: see `differing`. */
const essence = (view: CapturedView): string => {
  const { oid: _, obstacles: __, definition: ___, defaultGrantees: ____, granted: _____, ...rest } = view;
  const sorted = (list: readonly unknown[]): string[] => list.map((one) => JSON.stringify(one)).toSorted();
  return JSON.stringify({
    ...rest,
    options: sorted(rest.options),
    grants: sorted(rest.grants),
    columns: rest.columns.map((column) => ({ ...column, grants: sorted(column.grants) })),
    rules: rest.rules.map(({ definition: _definition, ...rule }) => rule),
  });
};

/**
 * The views that are not what they were. The text of a query is PostgreSQL's own, parsed against the new types: it
 * may show other casts (`(title)::text` over a column that became text loses them), so what it reads is compared
 * instead. Pure.
 */
export function differing(before: readonly CapturedView[], after: readonly CapturedView[]): CapturedView[] {
  const now = new Map(after.map((view) => [nameKey(view), essence(view)]));
  return before.filter((view) => now.get(nameKey(view)) !== essence(view));
}

/** The same for rules and triggers on relations that stay. Pure. */
export function differingAttachments(
  before: readonly CapturedAttachment[],
  after: readonly CapturedAttachment[],
): CapturedAttachment[] {
  const key = ({ kind, name, table, comment, enabled }: CapturedAttachment): string =>
    JSON.stringify({ kind, name, table, comment, enabled });
  const now = new Set(after.map(key));
  return before.filter((one) => !now.has(key(one)));
}

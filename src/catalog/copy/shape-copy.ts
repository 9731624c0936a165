import type { Grant } from '../read-grants.js';

/** A tenant's schema as what makes it anew in another schema, under a search path that is that schema alone. */
export interface ShapeCopy {
  /** Of the schema itself; null: none. */
  readonly comment: string | null;
  /** In an order in which each one finds what it needs. */
  readonly items: readonly CopyItem[];
  readonly grants: readonly Grant[];
  /** What cannot be copied, by name, and why. */
  readonly refused: readonly string[];
}

/** One object, or a part of one. */
export interface CopyItem {
  /** What others need it by. */
  readonly key: string;
  readonly rank: number;
  readonly oid: string;
  /** For people: `table books`. */
  readonly object: string;
  readonly sql: readonly string[];
}

/** `key` comes after `needs`. */
export interface CopyEdge {
  readonly key: string;
  readonly needs: string;
}

/** Items in an order that their needs allow, else by rank and as they were once made; `cyclic`: what allows none. Pure. */
export function inOrder(
  items: readonly CopyItem[],
  edges: readonly CopyEdge[],
): { readonly items: readonly CopyItem[]; readonly cyclic: readonly string[] } {
  const sorted = items.toSorted((a, b) => a.rank - b.rank || Number(a.oid) - Number(b.oid));
  const byKey = new Map(sorted.map((item) => [item.key, item]));
  const needs = new Map<string, CopyItem[]>();
  const place = new Map(sorted.map((item, at) => [item, at]));
  for (const edge of edges) {
    const needed = byKey.get(edge.needs);
    if (needed !== undefined) needs.set(edge.key, [...(needs.get(edge.key) ?? []), needed]);
  }
  const done = new Set<CopyItem>();
  const open = new Set<CopyItem>();
  const cyclic: string[] = [];
  const visit = (item: CopyItem): void => {
    if (done.has(item)) return;
    if (open.has(item)) return void cyclic.push(item.object);
    open.add(item);
    const before = needs.get(item.key) ?? [];
    for (const one of before.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0))) visit(one);
    open.delete(item);
    done.add(item);
  };
  for (const item of sorted) visit(item);
  return { items: [...done], cyclic };
}

/**
 * Does a text hold a name as a word? What stands in quotes has those of the name doubled, once for each kind around it. Names
 * that only contain it are others. Pure.
 */
export const mentions = (text: string, name: string): boolean =>
  new RegExp(`(?<!${LETTER})${patternOf(name)}(?!${LETTER})`, 'i').test(text);

const LETTER = String.raw`[\w$\u0080-\uffff]`;

const patternOf = (name: string): string =>
  name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/\\\\|["']/g, '(?:$&)+');

import type { Node } from 'libpg-query';

/** The content of one kind of node of PostgreSQL's parse tree. */
export type Of<K extends string> = Extract<Node, Readonly<Record<K, unknown>>>[K &
  keyof Extract<Node, Readonly<Record<K, unknown>>>];

/** A relation as it is written. */
export const writtenName = ({ schemaname, relname = '' }: Of<'RangeVar'>): string =>
  schemaname === undefined ? relname : `${schemaname}.${relname}`;

/** The words of a dotted name: `shared.books`. */
export const wordsOf = (names: readonly Node[] | undefined): string[] =>
  (names ?? []).flatMap((part) => ('String' in part ? (part.String.sval ?? '') : []));

/** Relations that a tree reads or writes, as written; names of its own WITH queries are none. */
export function relationsIn(tree: unknown): string[] {
  const own = new Set(collect(tree, 'ctename').map((node) => String(node['ctename'])));
  return collect(tree, 'relname')
    .map((node) => writtenName(node as Of<'RangeVar'>))
    .filter((name) => !own.has(name));
}

/** All objects in a tree that have the key. */
export function collect(tree: unknown, key: string): Record<string, unknown>[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const here = Object.hasOwn(tree, key) ? [tree as Record<string, unknown>] : [];
  return [...here, ...Object.values(tree).flatMap((value) => collect(value, key))];
}

/** What was thought about some lists; `rest` is whatever else it depends on. */
export type OncePerLists<R> = (lists: readonly object[], rest: string, think: () => R) => R;

/**
 * Thinks once about the same lists, told apart by what they are and not by what they hold: tenants whose tables are alike
 * have one list of columns for all of them (catalog/read-columns.ts), so that thousands of tables are a few lists. For one piece
 * of work: it keeps what it was given, as many lists each time.
 */
export function oncePerLists<R>(): OncePerLists<R> {
  const known: Known<R> = { next: new Map(), thought: new Map() };
  return (lists, rest, think) => {
    let at = known;
    for (const list of lists) at = orSet(at.next, list, () => ({ next: new Map(), thought: new Map() }));
    return orSet(at.thought, rest, think);
  };
}

interface Known<R> {
  readonly next: Map<object, Known<R>>;
  readonly thought: Map<string, R>;
}

function orSet<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined || map.has(key)) return known as V;
  const made = make();
  map.set(key, made);
  return made;
}

/** What was thought about two lists; `rest` is whatever else it depends on. */
export type OncePerPair<R> = (one: object, other: object, rest: string, think: () => R) => R;

/**
 * Thinks once about each pair of lists, told apart by what they are and not by what they hold: tenants whose tables are alike
 * have one list of columns for all of them (catalog/read-columns.ts), so that thousands of tables are a few pairs. For one piece
 * of work: it keeps what it was given.
 */
export function oncePerPair<R>(): OncePerPair<R> {
  const known = new Map<object, Map<object, Map<string, R>>>();
  return (one, other, rest, think) => {
    const ofOne = orSet(known, one, () => new Map<object, Map<string, R>>());
    return orSet(
      orSet(ofOne, other, () => new Map<string, R>()),
      rest,
      think,
    );
  };
}

function orSet<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined || map.has(key)) return known as V;
  const made = make();
  map.set(key, made);
  return made;
}

/** Counts names: answers how often this one has come by, 1 for the first time. */
export function occurrences(): (name: string) => number {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };
}

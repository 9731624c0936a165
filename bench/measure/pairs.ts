/** One measurement of one way; the figures by name. */
export type Figures = Readonly<Record<string, number | null>>;

export interface Pair {
  readonly ours: Figures;
  readonly theirs: Figures;
}

/**
 * Measures two ways in turn, each pair in the other order than the one before, so that what drifts on the machine
 * reaches both alike.
 */
export async function inPairs(
  count: number,
  ours: () => Promise<Figures>,
  theirs: () => Promise<Figures>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 2 === 0) pairs.push({ ours: await ours(), theirs: await theirs() });
    else {
      const second = await theirs();
      pairs.push({ ours: await ours(), theirs: second });
    }
  }
  return pairs;
}

/** The median of the pairs' ratios, ours over theirs. */
export const ratioOf = (pairs: readonly Pair[], figure = 'ms'): number =>
  median(pairs.map(({ ours, theirs }) => (ours[figure] ?? NaN) / (theirs[figure] ?? NaN)));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

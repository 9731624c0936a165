import { groupBy } from '../../group-by.js';

/** One of several that should be alike, and one that it is compared with. */
export interface OddOne<T> {
  readonly one: T;
  readonly sibling: T;
}

/** What is compared: `history` says who are siblings, `shape` what they look like. */
export interface Likeness<T> {
  readonly history: (one: T) => string;
  readonly shape: (one: T) => string | null;
}

/** Of those with the same history the ones with another shape than most; all, where no shape is that of most. Pure. */
export function oddOnes<T>(all: readonly T[], { history, shape }: Likeness<T>): OddOne<T>[] {
  return [...groupBy(all, history).values()].flatMap((siblings) => {
    const shapes = [...groupBy(siblings, shape).values()].toSorted((a, b) => b.length - a.length);
    const [most = [], second = []] = shapes;
    const [reference] = most;
    const [other] = second;
    if (reference === undefined || other === undefined) return [];
    const tied = most.length === second.length ? most : [];
    return [
      ...tied.map((one) => ({ one, sibling: other })),
      ...shapes.slice(1).flatMap((odd) => odd.map((one) => ({ one, sibling: reference }))),
    ];
  });
}

import type { Client } from 'pg';

/** A program of one release, at work through the veneer until it is stopped. */
export interface RollingClient {
  /** Resolves when it has gone so many rounds more. */
  readonly rounds: (more: number) => Promise<void>;
  /** Stops it, and answers how many rounds it went. Throws the first error that it had, or what it read wrongly. */
  readonly stop: () => Promise<number>;
}

/** What one round does: writes a book, changes its price and reads it back. `id` is new in each. */
export type Round = (client: Client, id: number) => Promise<void>;

/** Goes round after round, each as soon as the one before is over; the ids of two clients never meet. */
export function startClient(client: Client, firstId: number, round: Round): RollingClient {
  const state = { count: 0, isStopped: false, wake: (): void => undefined };
  const work = (async () => {
    while (!state.isStopped) {
      await round(client, firstId + state.count);
      state.count++;
      state.wake();
    }
  })();
  // A client that failed is found by whoever waits for it or stops it.
  work.catch(() => undefined);
  const nextRound = (): Promise<void> => new Promise<void>((resolve) => (state.wake = resolve));
  return {
    rounds: async (more) => {
      for (let left = more; left > 0; left--) await Promise.race([work, nextRound()]);
    },
    stop: async () => {
      state.isStopped = true;
      await work;
      return state.count;
    },
  };
}

import { newChanges } from './changes.js';

/** How many lanes may have connections at the same time. */
export interface Permits {
  /** Waits until so many are free; answers how to give them back. */
  take(count: number): Promise<() => void>;
}

/** In the order in which they were asked for, so that a step of many shards is not passed by again and again. */
export function newPermits(total: number): Permits {
  const changes = newChanges();
  const queue: object[] = [];
  let free = total;
  const isNext = (ticket: object, count: number): boolean => queue[0] === ticket && free >= count;
  return {
    take: async (wanted) => {
      const count = Math.min(wanted, total);
      const ticket = {};
      queue.push(ticket);
      while (!isNext(ticket, count)) await changes.next();
      queue.shift();
      free -= count;
      changes.tell();
      return () => {
        free += count;
        changes.tell();
      };
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';

/**
 * The work's outcome, or undefined where it has none after so many milliseconds: it goes on, and nobody hears of it any more. The
 * wait keeps no process alive.
 */
export const atMost = <T>(ms: number, work: Promise<T>): Promise<T | undefined> =>
  Promise.race([work, delay(ms, undefined, { ref: false })]);

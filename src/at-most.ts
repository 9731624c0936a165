import { setTimeout as delay } from 'node:timers/promises';

/**
 * The work's outcome, or undefined where it has none after so many milliseconds: it goes on, and nobody hears of it any more. The
 * wait keeps no process alive, and leaves nothing behind.
 */
export async function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, delay(ms, undefined, { ref: false, signal: over.signal })]);
  } finally {
    over.abort();
  }
}

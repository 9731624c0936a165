import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is yes; the suite's timeout is the net for one that never comes. */
export async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await delay(10);
}

import { setTimeout as delay } from 'node:timers/promises';

/** Full jitter, so that attempts of several shards spread out; ends early when the run is asked to end. */
export async function backoff(attempts: number, signal: AbortSignal): Promise<void> {
  const limit = Math.min(2_000, 50 * 2 ** attempts);
  await delay(Math.random() * limit, undefined, { signal }).catch(() => undefined);
}

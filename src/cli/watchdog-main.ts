import { text } from 'node:stream/consumers';
import { loadClient } from './load-client.js';
import { DONE, type WatchdogSource } from './watchdog/watchdog.js';

/**
 * Milliseconds until what settles is loaded, which takes a quarter of a second of a processor: short runs are over by then. Not only
 * when the runner has died: that may be because its disk is gone, or in the midst of an update of this package.
 */
const LOAD_MS = 1_000;

const load = async () => {
  await loadClient();
  return import('./watchdog/watchdog-settles.js');
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// A failure is heard of where it is needed.
const loading = setTimeout(() => void load().catch(() => undefined), LOAD_MS);
const [first = '', ...rest] = (await text(process.stdin)).split('\n');
clearTimeout(loading);
if (!rest.includes(DONE)) await (await load()).settle(JSON.parse(first) as WatchdogSource);

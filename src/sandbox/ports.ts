import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The one address that servers of the sandbox listen on. */
export const LISTEN_ADDRESS = '127.0.0.1';

/** True when nothing listens on a port of this machine yet. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, LISTEN_ADDRESS, () => probe.close(() => resolve(true)));
  });
}

/**
 * As many free ports as are asked for, all different. They lie below the range that systems give to outgoing
 * connections, any of which could otherwise take a port between this look and the server's start.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(15_000, 29_000);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

import type { Socket } from 'node:net';
import { loopbackProxy, type LoopbackProxy } from '../../test/support/loopback-proxy.js';

/** A proxy on loopback to a port of loopback: what goes through it arrives half a round trip (milliseconds) later. */
export const delayProxy = (port: number, roundTripMs: number): Promise<LoopbackProxy> =>
  loopbackProxy(port, (near, far) => {
    pass(near, far, roundTripMs / 2);
    pass(far, near, roundTripMs / 2);
  });

/** Timers of one length fire in the order in which they were set: nothing overtakes. */
function pass(from: Socket, to: Socket, ms: number): void {
  const later = (work: () => void): void => void setTimeout(work, ms);
  from.on('data', (chunk) => later(() => to.write(chunk)));
  from.on('close', () => later(() => to.destroy()));
}

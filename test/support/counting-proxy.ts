import { loopbackProxy, type LoopbackProxy } from './loopback-proxy.js';

/** A proxy on loopback that knows how often its clients had to wait. */
export interface CountingProxy extends LoopbackProxy {
  /**
   * By connection, in the order in which they were made, the round trips since it was ready for its first query: how often the client
   * asked when all that it had asked before was answered.
   */
  readonly roundTrips: () => readonly number[];
}

/**
 * To a port of loopback, for clients that speak PostgreSQL's protocol without TLS. Answers arrive once all that was asked has been
 * answered, as over a long way, where what is asked first has not much of a lead: the count does not depend on the machine.
 */
export async function countingProxy(port: number): Promise<CountingProxy> {
  const counts: Count[] = [];
  const proxy = await loopbackProxy(port, (near, far) => {
    const count: Count = { roundTrips: 0, unanswered: 0, isReady: false };
    counts.push(count);
    const ask = messages((type) => asked(count, type));
    // The first message of a client has no type, and comes alone, since the server answers it.
    near.once('data', () => near.on('data', ask));
    near.on('data', (chunk) => far.write(chunk));
    near.on('close', () => far.destroy());
    const answer = messages((type) => answered(count, type));
    const held: Buffer[] = [];
    far.on('data', (chunk: Buffer) => {
      answer(chunk);
      held.push(chunk);
      if (count.unanswered === 0) near.write(Buffer.concat(held.splice(0)));
    });
    far.on('close', () => near.end(Buffer.concat(held.splice(0))));
  });
  return { ...proxy, roundTrips: () => counts.map(({ roundTrips }) => roundTrips) };
}

interface Count {
  roundTrips: number;
  /** Messages that the server has not yet said to be ready after. */
  unanswered: number;
  isReady: boolean;
}

/** Query and Sync are each answered by ReadyForQuery: https://www.postgresql.org/docs/current/protocol-flow.html */
function asked(count: Count, type: string): void {
  if (!count.isReady || (type !== 'Q' && type !== 'S')) return;
  if (count.unanswered === 0) count.roundTrips++;
  count.unanswered++;
}

function answered(count: Count, type: string): void {
  if (type !== 'Z') return;
  if (count.isReady) count.unanswered--;
  count.isReady = true;
}

/** Tells the type of each message of a stream, once all of it is there. */
function messages(tell: (type: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      tell(rest.toString('latin1', 0, 1));
      rest = rest.subarray(1 + rest.readUInt32BE(1));
    }
  };
}

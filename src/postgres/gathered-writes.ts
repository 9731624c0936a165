import type pg from 'pg';
import { connectionOf } from './client-connection.js';

/**
 * Has what is asked in one go leave in one piece. The client writes each query by itself: for eight that share a round trip
 * the system is called eight times, and the server woken as often, which costs more than to put the queries together. To be called
 * before a query is sent; what has been sent by then leaves when this turn of the event loop is over, before anything is read.
 */
export function gatherWrites(client: pg.Client): () => void {
  const { stream } = connectionOf(client);
  let isGathering = false;
  return () => {
    if (isGathering) return;
    isGathering = true;
    stream.cork();
    process.nextTick(() => {
      isGathering = false;
      stream.uncork();
    });
  };
}

import type pg from 'pg';
import { atMost } from '../at-most.js';

/** What we use of the library's own connection, which its types do not tell of. */
export interface ClientConnection extends NodeJS.EventEmitter {
  /** Another one once TLS has been agreed on: to be asked for when the client is connected. */
  readonly stream: { cork(): void; uncork(): void; destroy(): void };
}

/** The library's own connection of a client. */
export const connectionOf = (client: pg.Client): ClientConnection =>
  (client as unknown as { connection: ClientConnection }).connection;

/** How long a server is waited for to end a connection that was left, milliseconds. */
const GOODBYE_MS = 2_000;

/** Ends a connection; one that is asked something would wait for the answer, and whoever leaves it wants it ended. */
export async function leave(client: pg.Client, isAsked: boolean): Promise<void> {
  const { stream } = connectionOf(client);
  const ended = client.end().catch(() => undefined);
  if (isAsked) stream.destroy();
  await atMost(GOODBYE_MS, ended);
  // A server that stands still does not end the connection; one that has, has ended it for good.
  stream.destroy();
}

import type pg from 'pg';

/** What we use of the library's own connection, which its types do not tell of. */
export interface ClientConnection extends NodeJS.EventEmitter {
  /** Another one once TLS has been agreed on: to be asked for when the client is connected. */
  readonly stream: { cork(): void; uncork(): void; destroy(): void };
}

export const connectionOf = (client: pg.Client): ClientConnection =>
  (client as unknown as { connection: ClientConnection }).connection;

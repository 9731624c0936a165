import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';

export interface Pooler {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** A client of the pooler, with what it sent while another had the backend. */
interface Peer {
  readonly socket: Socket;
  readonly waiting: Buffer[];
  /** Reads what it sends. */
  readonly read: ReturnType<typeof messageReader>;
}

/** AuthenticationOk and ReadyForQuery: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const [READY, IDLE, TERMINATE, QUERY, SYNC] = [0x5a, 0x49, 0x58, 0x51, 0x53];

/**
 * What a pooler in transaction mode is, at its smallest: all clients share one backend, which is a client's until all that it
 * has asked is answered, and the backend says that no transaction is open. Clients are let in without a password.
 */
export async function startPooler(url: string): Promise<Pooler> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // the connection is taken from it below
  await client.connect();
  const { stream: backend } = (client as unknown as { connection: { stream: Socket } }).connection;
  const peers: Peer[] = [];
  let owner: Peer | null = null;
  let unanswered = 0;
  const serve = (): void => {
    owner ??= peers.find(({ waiting }) => waiting.length > 0) ?? null;
    for (const chunk of owner?.waiting.splice(0) ?? []) {
      const asked = owner?.read(chunk).filter(({ type }) => type === QUERY || type === SYNC) ?? [];
      unanswered += asked.length;
      backend.write(chunk);
    }
  };
  const readBackend = messageReader();
  backend.removeAllListeners('data');
  backend.on('data', (chunk: Buffer) => {
    owner?.socket.write(chunk);
    for (const { type, first } of readBackend(chunk)) {
      if (type !== READY) continue;
      unanswered--;
      if (unanswered === 0 && first === IDLE) owner = null;
    }
    serve();
  });
  const server = createServer((socket) => {
    const peer: Peer = { socket, waiting: [], read: messageReader() };
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(WELCOME);
      peers.push(peer);
      socket.on('data', (chunk: Buffer) => {
        if (chunk[0] === TERMINATE) return void socket.end();
        peer.waiting.push(chunk);
        serve();
      });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const { socket } of peers) socket.destroy();
      backend.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads messages as they come, in pieces: of each its type and the first byte of what is in it. */
function messageReader(): (chunk: Buffer) => { readonly type: number; readonly first: number | undefined }[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const messages = [];
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const end = 1 + rest.readUInt32BE(1);
      messages.push({ type: rest[0]!, first: end > 5 ? rest[5] : undefined });
      rest = rest.subarray(end);
    }
    return messages;
  };
}

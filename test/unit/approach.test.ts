import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Member } from '../../src/fleet/member.js';
import { openSession } from '../../src/postgres/session.js';
import { newApproach } from '../../src/protocol/run/approach.js';
import { Secret } from '../../src/secret.js';

/** Takes connections and never says a word, as a host behind a firewall may. */
let silent: Server;
let url: Secret;
const sockets: Socket[] = [];

beforeEach(async () => {
  silent = createServer((socket) => sockets.push(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  url = new Secret(`postgres://me@127.0.0.1:${port}/none`);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  silent.close();
  await once(silent, 'close');
});

const A_DAY = 86_400_000;

test('a session that is still being opened fails at once when nobody waits for it any more', async () => {
  const left = new AbortController();
  const options = { member: 'shard1', url, applicationName: 'test', connectTimeoutMs: A_DAY };
  const session = openSession({ ...options, signal: left.signal });
  const connected = once(silent, 'connection');
  await connected;
  left.abort();
  await expect(session).rejects.toMatchObject({ facts: { exitCode: 23, where: { member: 'shard1' } } });
});

const member = (name: string): Member => ({
  name,
  role: 'shard',
  url,
  setRole: null,
  connected: 'throughout',
  shard: null,
  veneer: null,
});

async function nextConnection(): Promise<Socket> {
  const [socket] = (await once(silent, 'connection')) as [Socket];
  return socket;
}

test('what was approached and not asked for is left: the server sees it go', async () => {
  const approach = newApproach({ applicationName: 'test', connectTimeoutMs: A_DAY });
  approach.begin(member('shard1'));
  const socket = await nextConnection();
  const gone = once(socket, 'close');
  socket.resume();
  approach.leave();
  await gone;
});

test('after what was found was left, whoever arrives connects anew', async () => {
  const approach = newApproach({ applicationName: 'test', connectTimeoutMs: A_DAY });
  approach.begin(member('shard1'));
  await nextConnection();
  approach.leave();
  const again = nextConnection();
  const arrived = approach.arrive(member('shard1'));
  const socket = await again;
  socket.destroy();
  await expect(arrived).rejects.toMatchObject({ facts: { exitCode: 23 } });
});

test('dozens of members are approached without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  try {
    const approach = newApproach({ applicationName: 'test', connectTimeoutMs: A_DAY });
    for (let index = 0; index < 30; index++) approach.begin(member(`shard${index}`));
    approach.leave();
    // Warnings are told on the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
  }
});

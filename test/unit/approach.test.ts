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

test('what was approached and not asked for is left: the server sees it go', async () => {
  const member: Member = {
    name: 'shard1',
    role: 'shard',
    url,
    setRole: null,
    connected: 'throughout',
    shard: null,
    veneer: null,
  };
  const approach = newApproach({ applicationName: 'test' });
  approach.begin(member);
  const [socket] = (await once(silent, 'connection')) as [Socket];
  const gone = once(socket, 'close');
  socket.resume();
  approach.giveUp();
  await gone;
});

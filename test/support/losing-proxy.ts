import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { loopbackProxy } from './loopback-proxy.js';
import type { TestFleet } from './test-fleet.js';

/** The runner's way to a member, which can lose what comes back. */
export interface LosingWay {
  /** What is asked arrives; the next answer does not, and its connection ends. With `away` nobody gets through from then on. */
  readonly loseAnswer: (away?: 'away') => void;
  readonly comeBack: () => void;
}

/** Has commands reach a member through a proxy for the time of `work`; the veneer reaches its shards as before. */
export async function onLosingWay(
  fleet: TestFleet,
  member: string,
  work: (way: LosingWay) => Promise<void>,
): Promise<void> {
  let losing: 'nothing' | 'answer' | 'away' = 'nothing';
  let isAway = false;
  const nears = new Set<Socket>();
  const url = new URL(fleet.urlOf(member));
  const proxy = await loopbackProxy(Number(url.port), (near, far) => {
    if (isAway) {
      for (const socket of [near, far]) socket.destroy();
      return;
    }
    nears.add(near);
    near.on('data', (chunk) => far.write(chunk));
    near.on('close', () => {
      nears.delete(near);
      far.end();
    });
    far.on('data', (chunk: Buffer) => {
      if (losing === 'nothing') return void near.write(chunk);
      isAway = losing === 'away';
      losing = 'nothing';
      for (const one of isAway ? nears : [near]) one.destroy();
    });
    far.on('close', () => near.end());
  });
  const file = join(fleet.dir, '.env');
  const direct = await readFile(file, 'utf8');
  url.port = String(proxy.port);
  await writeFile(file, direct.replaceAll(fleet.urlOf(member), url.href));
  try {
    await work({
      loseAnswer: (away) => void (losing = away ?? 'answer'),
      comeBack: () => void (isAway = false),
    });
  } finally {
    await writeFile(file, direct);
    await proxy[Symbol.asyncDispose]();
  }
}

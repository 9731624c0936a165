import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countingProxy } from './counting-proxy.js';
import type { TestFleet } from './test-fleet.js';

/** By member how often each connection of a command waited for its server, in the order in which they were made. */
export async function waitsOf(
  fleet: TestFleet,
  members: readonly string[],
  command: () => Promise<unknown>,
): Promise<Record<string, number[]>> {
  const file = join(fleet.dir, '.env');
  const direct = await readFile(file, 'utf8');
  const proxies = await Promise.all(
    members.map((member) => countingProxy(Number(new URL(fleet.urlOf(member)).port))),
  );
  // The runner's way alone: the veneer reaches the shards as before.
  const farther = members.reduce((text, member, index) => {
    const url = new URL(fleet.urlOf(member));
    url.port = String(proxies[index]?.port);
    return text.replaceAll(fleet.urlOf(member), url.href);
  }, direct);
  await writeFile(file, farther);
  try {
    await command();
    return Object.fromEntries(
      members.map((member, index) => [member, [...(proxies[index]?.roundTrips() ?? [])]]),
    );
  } finally {
    await writeFile(file, direct);
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  }
}

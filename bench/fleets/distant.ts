import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delayProxy } from '../measure/delay-proxy.js';
import type { LoopbackProxy } from '../../test/support/loopback-proxy.js';
import type { BenchFleet } from './tenants.js';

/** The same fleet, which the runner reaches over a slow network; its servers reach each other as before. */
export async function distant(
  fleet: BenchFleet & AsyncDisposable,
  roundTripMs: number,
): Promise<BenchFleet & AsyncDisposable> {
  const proxies = new Map<string, LoopbackProxy>();
  const urls = Object.entries(fleet.env).filter(([name]) => name.endsWith('_URL'));
  for (const [, value] of urls) {
    const { port } = new URL(value);
    if (!proxies.has(port)) proxies.set(port, await delayProxy(Number(port), roundTripMs));
  }
  const farther = (url: string): string => {
    const parsed = new URL(url);
    parsed.port = String(proxies.get(parsed.port)?.port ?? parsed.port);
    return parsed.href;
  };
  const file = join(fleet.dir, '.env');
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    urls.reduce((all, [, url]) => all.replaceAll(url, farther(url)), text),
  );
  return {
    ...fleet,
    urlOf: (member, as) => farther(fleet.urlOf(member, as)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()));
      await fleet[Symbol.asyncDispose]();
    },
  };
}

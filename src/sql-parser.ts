import type { ParseResult } from 'libpg-query';
import { keepWasmToBaseline } from './v8.js';

type Parse = (sql: string) => Promise<ParseResult>;

let loading: Promise<Parse> | undefined;

/**
 * PostgreSQL's own parser, which is WebAssembly, loaded on first use: it takes about 50 ms, which whoever has nothing to parse need not
 * pay. Nobody loads it in another way: what V8 does with it is settled then.
 */
export const sqlParser = (): Promise<Parse> => (loading ??= load());

async function load(): Promise<Parse> {
  keepWasmToBaseline();
  // V8 compiles on threads of its own, of which libuv knows nothing: with nothing else pending Node takes the event loop
  // for ended, and waits until these threads are through with *all* they have before it goes on.
  const pending = setInterval(() => undefined, LONG_MS);
  try {
    const { parse, loadModule } = await import('libpg-query');
    await loadModule();
    return parse;
  } finally {
    clearInterval(pending);
  }
}

const LONG_MS = 2 ** 30;

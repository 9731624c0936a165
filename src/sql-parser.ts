import { setFlagsFromString } from 'node:v8';
import type { ParseResult } from 'libpg-query';

type Parse = (sql: string) => Promise<ParseResult>;

let loading: Promise<Parse> | undefined;

/**
 * PostgreSQL's own parser, which is WebAssembly, loaded on first use: it takes about 50 ms, which whoever has nothing to parse need not
 * pay. Nobody loads it in another way: what V8 does with it is settled then.
 */
export const sqlParser = (): Promise<Parse> => (loading ??= load());

async function load(): Promise<Parse> {
  keepToBaseline();
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

/**
 * Has V8 leave WebAssembly as its baseline compiler makes it. The parser's one huge function is optimised from its tenth
 * statement on: that takes longer than to parse 20,000 of them, 50 MB (550 MB in Node 24), and the process cannot end
 * before it is done. Set by number, of a function that is not there: the flags that forbid it are read at another time in
 * each major (v8.setFlagsFromString: "behaviour may change"), so it is left alone in those where nobody has tried.
 */
function keepToBaseline(): void {
  const [major] = process.versions.node.split('.');
  if (TRIED_IN.includes(Number(major))) setFlagsFromString('--wasm-tier-up-filter=1000000');
}

const TRIED_IN: readonly number[] = [20, 22, 24];

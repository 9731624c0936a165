/**
 * Loads the PostgreSQL client while there is a global `navigator` that says that this is Node, as Node 21 and later have it. The client
 * asks for it as it is loaded, to find out whether it runs on Cloudflare Workers (pg/lib/stream.js), and where there is none it makes a
 * `Response`, for which Node 20 loads all of its HTTP client: 40 ms of every command.
 */
export async function loadClient(): Promise<void> {
  if ('navigator' in globalThis) return;
  Object.defineProperty(globalThis, 'navigator', {
    value: { userAgent: `Node.js/${process.versions.node.split('.')[0]}` },
    configurable: true,
  });
  try {
    await import('pg');
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
  }
}

import { problemOf } from '../errors.js';
import { bookstoreEnv } from './bookstore-env.js';
import { bookstoreFleet, SERVERS } from './bookstore-fleet.js';
import { demoShell } from './demo-shell.js';
import { tellStory } from './demo-story.js';
import { startEphemeral } from './ephemeral.js';
import { furnish } from './furnish.js';

/** `npm run demo`: a fleet in a temp folder, the real commands on it, and nothing left behind. */
async function demo(signal: AbortSignal): Promise<void> {
  console.log(
    '# Four PostgreSQL servers in a temp folder: a veneer and three shards, with roles and empty databases.',
  );
  const { servers, close } = await startEphemeral(SERVERS);
  try {
    const env = bookstoreEnv(Object.fromEntries(servers.map(({ name, port }) => [name, port])));
    await furnish(bookstoreFleet(env), servers);
    for (const { name, port } of servers) console.log(`   ${name.padEnd(8)} localhost:${port}`);
    await tellStory(demoShell(env, signal), env);
    signal.throwIfAborted();
  } finally {
    await close();
    console.log('\n# Servers stopped, folder removed.');
  }
}

const interrupted = new AbortController();
let exitCode = 0;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  // prettier-ignore
  process.once(signal, () => {
    exitCode ||= code;
    interrupted.abort();
  });

try {
  await demo(interrupted.signal);
} catch (error) {
  const { message, detail, hint } = problemOf(error);
  if (exitCode === 0) console.error(['demo failed: ' + message, detail, hint].filter(Boolean).join('\n'));
  exitCode ||= 1;
}
process.exitCode = exitCode;

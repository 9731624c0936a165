import { join } from 'node:path';
import { packageFile } from '../package-root.js';
import { bookstoreEnv } from './bookstore-env.js';
import { bookstoreFleet, SERVERS } from './bookstore-fleet.js';
import { copyBookstore } from './bookstore-project.js';
import { demoShell } from './demo-shell.js';
import { tellStory } from './demo-story.js';
import { startEphemeral } from './ephemeral.js';
import { furnish } from './furnish.js';
import { runInterruptibly } from './interruptible.js';

const CLI = packageFile('dist', 'bin', 'migrate.js');

/** `npm run demo`: a fleet in a temp folder, the real commands on it, and nothing left behind. */
async function demo(signal: AbortSignal): Promise<void> {
  console.log(
    '# Four PostgreSQL servers in a temp folder: a veneer and three shards, with roles and empty databases.',
  );
  const { dir, servers, close } = await startEphemeral(SERVERS);
  try {
    const env = bookstoreEnv(Object.fromEntries(servers.map(({ name, port }) => [name, port])));
    await furnish(bookstoreFleet(env), servers);
    for (const { name, port } of servers) console.log(`   ${name.padEnd(8)} localhost:${port}`);
    const project = join(dir, 'project');
    await copyBookstore(packageFile(), project);
    await tellStory(demoShell({ project, cli: CLI, env, signal }), env);
    signal.throwIfAborted();
  } finally {
    await close();
    console.log('\n# Servers stopped, folder removed.');
  }
}

await runInterruptibly('demo', demo);

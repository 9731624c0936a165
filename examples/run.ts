import { fileURLToPath } from 'node:url';
import { demoShell } from '../src/sandbox/demo-shell.js';
import { runInterruptibly } from '../src/sandbox/interruptible.js';
import { EXAMPLE_NAMES, loadExample, type Example } from './frame/example.js';
import { startExample } from './frame/start-example.js';

/** `npm run example NAME`: its servers in a temp folder, its story on them, and nothing left behind. */
async function run(example: Example, signal: AbortSignal): Promise<void> {
  console.log(`# ${example.about}`);
  const fleet = await startExample(example);
  try {
    for (const { name, port } of fleet.servers) console.log(`   ${name.padEnd(8)} localhost:${port}`);
    await example.tell(demoShell({ project: fleet.project, cli: CLI, signal }), fleet);
    signal.throwIfAborted();
  } finally {
    await fleet.close();
    console.log('\n# Servers stopped, folders removed.');
  }
}

/** As built: the command itself is what an example shows. */
const CLI = fileURLToPath(new URL('../dist/bin/migrate.js', import.meta.url));

async function list(): Promise<void> {
  console.log('npm run example NAME, one of:\n');
  for (const { name, about } of await Promise.all(EXAMPLE_NAMES.map(loadExample)))
    console.log(`  ${name.padEnd(20)} ${about}`);
}

const [name] = process.argv.slice(2);
if (name === undefined) await list();
else if (EXAMPLE_NAMES.includes(name)) {
  const example = await loadExample(name);
  await runInterruptibly(`example ${name}`, (signal) => run(example, signal));
} else {
  console.error(`there is no example ${JSON.stringify(name)}; one of: ${EXAMPLE_NAMES.join(', ')}`);
  process.exitCode = 64;
}

import { once } from 'node:events';
import { loadConfig } from '../../dist/config/load/load-config.js';

/**
 * One command of a crash test, as built, in a process of its own: see crash-run.ts. It dies at one point by SIGKILL, and
 * waits at others until it is told to go on. Its report goes to stdout as JSON.
 */
const { command, options, dieAt, waitAt } = JSON.parse(process.argv[2] ?? '');
const VERBS = { up: '../../dist/commands/migrate/up.js', recover: '../../dist/commands/repair/recover.js' };
const verbs = await import(VERBS[command]);
const counts = new Map();

async function at(name) {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  const point = `${name}#${count}`;
  if (point === dieAt) die();
  if (!waitAt.includes(point)) return;
  process.send?.(point);
  while ((await once(process, 'message'))[0] !== point);
  // By then the statement that follows the point has been sent.
  setImmediate(() => process.send?.(`left ${point}`));
}

/** Nothing runs between the kill and the end of the process, whatever else was about to. */
function die() {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const context = {
  onProgress: () => undefined,
  signal: new AbortController().signal,
  who: 'child@localhost',
  at,
};
const report = await verbs[command](await loadConfig({ cwd: process.cwd(), env: {} }), options, context);
process.stdout.write(JSON.stringify(report));
process.disconnect?.();

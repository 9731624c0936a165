import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestFleet } from './test-fleet.js';
import { untilTrue } from './until.js';

/** Adds hooks to a fleet's shards.yaml; JSON is YAML. */
export async function writeHooks(fleet: TestFleet, hooks: unknown): Promise<void> {
  const [yaml = ''] = (await fleet.readConfig()).split('\nhooks: ');
  await fleet.writeConfig(`${yaml}\nhooks: ${JSON.stringify(hooks)}\n`);
}

/** A command that writes down what it is told. */
export const TELL = { command: 'cat >> facts' };

/** What `TELL` was told so far, in order. */
export async function factsOf(fleet: TestFleet): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(fleet.dir, 'facts'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Prints `ready`, and ends when `letGo` is called. */
export const HOLD = { command: 'echo ready; until [ -e go ]; do sleep 0.02; done' };
export const letGo = (fleet: TestFleet): Promise<void> => writeFile(path.join(fleet.dir, 'go'), '');

/** Does not end by itself, nor by SIGTERM; what it starts does not either. Prints `ready`. */
export const STUBBORN = `trap '' TERM; sleep 600 & echo $! > child; echo $$ > self; echo ready; wait; wait`;

/** Resolves when both processes of `STUBBORN` are gone. */
export async function stubbornGone(fleet: TestFleet): Promise<void> {
  for (const file of ['self', 'child']) {
    const pid = Number(await readFile(path.join(fleet.dir, file), 'utf8'));
    await untilTrue(async () => !isAlive(pid));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

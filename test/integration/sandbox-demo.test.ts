import { expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serverUser } from '../../src/sandbox/server-user.js';
import { tempFolder } from '../../src/sandbox/temp-folder.js';

const DEMO = fileURLToPath(new URL('../../dist/sandbox/demo.js', import.meta.url));

interface Demo {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly exitCode: Promise<number | null>;
}

/** In a process group of its own, as a terminal would have it. */
function startDemo(): Demo {
  const child = spawn(process.execPath, [DEMO], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const exitCode = new Promise<number | null>((resolve) => void child.on('close', resolve));
  return { child, said: () => said, exitCode };
}

async function leftBy({ child }: Demo): Promise<string[]> {
  const names = await readdir(await tempFolder(await serverUser()));
  return names.filter((name) => name.startsWith(`pg-veneer-fleet-${child.pid}-`));
}

test('the demo tells its story to the end, prints each command before it runs, and leaves nothing', async () => {
  const demo = startDemo();
  const code = await demo.exitCode;
  expect({ code, said: demo.said() }).toMatchObject({ code: 0 });
  const commands = demo.said().match(/^\$ migrate .*$|^\(exit code \d+\)$/gm);
  const steps = ['setup', 0, 'up', 0, 'up', 0, 'status', 11, 'sync', 0, 'status', 0];
  const line = (step: string | number): string =>
    typeof step === 'string' ? `$ migrate ${step}` : `(exit code ${step})`;
  expect(commands).toEqual(steps.map(line));
  expect(demo.said()).toMatch(/Remote SQL: .* INNER JOIN /);
  expect(await leftBy(demo)).toEqual([]);
});

test.each([
  ['Ctrl-C', 'SIGINT', 130],
  ['a pipeline that is cancelled', 'SIGTERM', 143],
] as const)('the demo leaves nothing after %s', async (_what, signal, expected) => {
  const demo = startDemo();
  await new Promise<void>((resolve) => {
    demo.child.stdout?.on('data', () => (demo.said().includes('$ migrate') ? resolve() : undefined));
  });
  process.kill(-demo.child.pid!, signal);
  expect(await demo.exitCode).toBe(expected);
  expect(await leftBy(demo)).toEqual([]);
});

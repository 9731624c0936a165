import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import { commandLine, processStart } from '../../src/sandbox/process-probe.js';
import { runAs, serverUser } from '../../src/sandbox/server-user.js';
import { tempFolder } from '../../src/sandbox/temp-folder.js';
import { runScript } from '../support/run-script.js';
import { untilTrue } from '../support/until.js';

const START = `
  const { startEphemeral } = await load('sandbox/ephemeral.ts');
  const { dir, servers } = await startEphemeral(['one', 'two']);
  console.log(JSON.stringify({ dir, pids: servers.map(({ pid }) => pid) }));
  await new Promise((resolve) => setTimeout(resolve, 60_000));`;

interface Started {
  readonly dir: string;
  readonly pids: readonly number[];
}

const gone = async (pid: number): Promise<boolean> => (await commandLine(pid)) === null;

const allGone = async ({ dir, pids }: Started): Promise<boolean> =>
  !existsSync(dir) && (await Promise.all(pids.map(gone))).every(Boolean);

test('servers end, and their folder goes, when their owner is killed', async () => {
  const owner = await runScript(START);
  const started: Started = JSON.parse(await owner.firstLine);
  owner.child.kill('SIGKILL');
  await untilTrue(() => allGone(started));
  await owner.output;
});

test('where the guard was killed as well, the next start cleans up, and leaves what has an owner', async () => {
  const owner = await runScript(START);
  const started: Started = JSON.parse(await owner.firstLine);
  const mine = await startEphemeral(['mine']);
  const guards = await guardsOf(started.dir);
  expect(guards).toHaveLength(1);
  process.kill(guards[0]!, 'SIGKILL');
  owner.child.kill('SIGKILL');
  await owner.output;
  await untilTrue(async () => (await processStart(owner.child.pid!)) === null);
  expect(existsSync(started.dir)).toBe(true);
  const next = await startEphemeral(['next']);
  expect(await allGone(started)).toBe(true);
  expect(existsSync(mine.dir)).toBe(true);
  expect(await gone(mine.servers[0]!.pid)).toBe(false);
  await Promise.all([mine.close(), next.close()]);
});

test('close leaves neither servers nor folder, and may be called twice', async () => {
  const fleet = await startEphemeral(['one']);
  await fleet.close();
  await fleet.close();
  expect(await allGone({ dir: fleet.dir, pids: [fleet.servers[0]!.pid] })).toBe(true);
});

test('a start that fails says what the server said, and leaves neither servers nor folder', async () => {
  const temp = await tempFolder(await serverUser());
  const ours = async (): Promise<string[]> =>
    (await readdir(temp)).filter((name) => name.startsWith(`pg-veneer-fleet-${process.pid}-`));
  const before = await ours();
  await expect(startEphemeral(['one', 'two'], { no_such_setting: '1' })).rejects.toMatchObject({
    message: expect.stringContaining('did not start'),
    facts: { exitCode: 20, detail: expect.stringContaining('no_such_setting') },
  });
  expect(await ours()).toEqual(before);
});

/** The shells that watch over a folder: its path is their last argument. */
async function guardsOf(dir: string): Promise<number[]> {
  const pids = process.platform === 'linux' ? await readdir('/proc') : await listed();
  const numbers = pids.map(Number).filter((pid) => pid > 0);
  const lines = await Promise.all(numbers.map(async (pid) => ({ pid, line: await commandLine(pid) })));
  return lines.filter(({ line }) => line?.endsWith(` sh ${dir}`)).map(({ pid }) => pid);
}

const listed = async (): Promise<string[]> =>
  (await runAs(null, 'ps', ['-A', '-o', 'pid='])).stdout.split('\n');

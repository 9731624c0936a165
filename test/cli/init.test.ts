import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli, type CliResult } from '../support/run-cli.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'pg-veneer-init-'));
});

afterEach(() => rm(cwd, { recursive: true }));

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd });

test('it tells each file, what to fill in, and what to type next; typed again it makes nothing', async () => {
  const first = await cli('init');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout.replace(/\d{17}/, 'N')).toBe(`made  .gitignore
made  .env.example
made  migrations/N_create-notes.sql
made  shards.yaml

notice: describe your fleet in shards.yaml, and copy .env.example to .env and fill that in; migrate doctor tells what the servers lack

next: migrate setup
`);
  const again = await cli('init', '--json');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  const { files } = JSON.parse(again.stdout) as { files: { state: string }[] };
  expect(new Set(files.map(({ state }) => state))).toEqual(new Set(['there already']));
});

test('--dry-run makes nothing', async () => {
  const { code, stdout } = await cli('init', 'shop', '--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dry run: nothing was changed\n\nplanned {2}\.gitignore\n/);
  expect(stdout).toMatch(/\nnext: migrate init shop\n$/);
  expect(await readdir(cwd)).toEqual([]);
});

test('the command behind next reads the project that was made elsewhere', async () => {
  const { stdout } = await cli('init', 'my shop');
  const [, next = ''] = /\nnext: migrate (.*)\n$/.exec(stdout) ?? [];
  expect(next).toBe("--config 'my shop/shards.yaml' setup");
  // Without .env the variables are missing, which tells that it was found.
  const { code, stderr } = await cli('--config', 'my shop/shards.yaml', 'setup');
  expect([code, stderr]).toEqual([78, expect.stringContaining('VENEER_URL')]);
});

test('a file where the folder should be, an option of no use, and two folders are refused', async () => {
  await writeFile(join(cwd, 'taken'), '');
  expect(await cli('init', 'taken')).toMatchObject({
    code: 20,
    stdout: '',
    stderr: expect.stringMatching(/a project cannot be made in .*taken: it is a file/),
  });
  expect(await cli('init', '-f', 'other.yaml')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--config names one that is there'),
  });
  expect(await cli('init', 'a', 'b')).toMatchObject({ code: 64 });
  expect(await cli('inti')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('did you mean init?'),
  });
  expect(await readdir(cwd)).toEqual(['taken']);
});

test('without a shards.yaml other commands name it', async () => {
  const { code, stderr } = await cli('up');
  expect([code, stderr]).toEqual([78, expect.stringContaining('migrate init')]);
});

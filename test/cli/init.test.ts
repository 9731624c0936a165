import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Ends the process as it gives a file its name for the nth time: before that, or behind it. */
const killAt = (time: number, when: 'before' | 'behind'): string => {
  const kill = `process.kill(process.pid, 'SIGKILL')`;
  const code = `import fs from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
    const { link } = fs; let times = 0;
    fs.link = async (...names) => { const isNow = ++times === ${time};
      if (isNow && '${when}' === 'before') ${kill}; await link(...names); if (isNow) ${kill}; };
    syncBuiltinESMExports();`;
  return `--import data:text/javascript,${encodeURIComponent(code)}`;
};

test.each([1, 2, 3, 4].flatMap((time) => [[time, 'before'] as const, [time, 'behind'] as const]))(
  'killed at file %i, %s it has its name: typed again it finishes, and nothing is half there',
  async (time, when) => {
    const killed = await runCli(['init'], { cwd, env: { NODE_OPTIONS: killAt(time, when) } });
    expect(killed.signal).toBe('SIGKILL');
    expect(await cli('init')).toMatchObject({ code: 0 });
    const named = (await readdir(cwd, { recursive: true })).filter((file) => !/\.[0-9a-f]{12}$/.test(file));
    expect(named.map((file) => file.replace(/\d{17}/, 'N')).toSorted()).toEqual([
      '.env.example',
      '.gitignore',
      'migrations',
      'migrations/N_create-notes.sql',
      'shards.yaml',
    ]);
    const example = await readFile(join(cwd, '.env.example'), 'utf8');
    let port = 0;
    const env = example.replaceAll(/@\w+\.internal:5432/g, () => `@localhost:${++port}`);
    await writeFile(join(cwd, '.env'), env);
    // All that is missing now are the servers.
    expect(await cli('doctor')).toMatchObject({ code: 23 });
  },
);

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

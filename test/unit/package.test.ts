import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let project: string;

/** A project with the package as npm packs it, and of what this checkout has installed what the package says that it needs. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'pg-veneer-packed-'));
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const installed = join(project, 'node_modules', 'pg-veneer');
  await mkdir(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
});

afterAll(() => rm(project, { recursive: true, force: true }));

const migrate = (...args: readonly string[]) => {
  const cli = join(project, 'node_modules', 'pg-veneer', 'dist', 'bin', 'migrate.js');
  const { status, stdout, stderr } = spawnSync(cli, args, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, output: `${stdout}${stderr}` };
};

test('the packed command line runs with the dependencies that the package declares', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(migrate('--version')).toEqual({ status: 0, output: `${version}\n` });
  expect(migrate('status')).toMatchObject({ status: 78, output: expect.stringContaining('shards.yaml') });
});

test('whatever the packed command line may load is declared', async () => {
  const script = `
    const { readdirSync } = await import('node:fs');
    const bin = new URL('node_modules/pg-veneer/dist/bin/', 'file://' + process.cwd() + '/');
    const chunks = readdirSync(bin).filter((name) => /\\.js$/.test(name) && !['migrate.js', 'watchdog.js'].includes(name));
    for (const name of chunks) await import(new URL(name, bin).href);
    const { backfill, target } = await import('pg-veneer');
    console.log(chunks.length > 20, typeof backfill, typeof target);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(output).toBe('true function function\n');
});

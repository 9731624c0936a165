import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/cli/specs/commands.js';
import { runCli } from '../support/run-cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const cwd = tmpdir();

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'migrate %s --help has every flag, an example, and exit code 0',
  async (name, command) => {
    const { code, stdout, stderr } = await runCli([...name.split(' '), '--help'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: migrate ${name}`);
    for (const flag of [...command.flags, { name: 'config' }, { name: 'env-file' }, { name: 'json' }])
      expect(stdout).toContain(`--${flag.name} `);
    for (const positional of command.positionals) expect(stdout).toContain(`\n  ${positional.name} `);
    expect(stdout).toMatch(/Examples:\n(?: {2}.+\n)* {2}.*migrate /);
  },
);

test.each([
  ['help', '--help'],
  ['help up', 'up --help'],
  ['help sandbox', 'sandbox --help'],
  ['help sandbox url', 'sandbox url --help'],
  ['help history show', 'history show --help'],
  ['--config x.yaml help plan', 'plan --help'],
  ['-V', '--version'],
  ['up -V', '--version'],
])('migrate %s answers what migrate %s does', async (line, same) => {
  const told = await runCli(line.split(' '), { cwd });
  expect(told).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^(Usage: migrate|\d)/) });
  expect(told).toEqual(await runCli(same.split(' '), { cwd }));
});

const TAKEN_DOWN = [
  'to',
  'shard',
  'tenant',
  'except-tenant',
  'atomic',
  'protocol',
  'terminate-blockers',
  'without',
  'offline',
  'yes',
  'dry-run',
];

test('the flags that are promised are there', () => {
  const flags = Object.fromEntries(COMMANDS.map(({ name, flags }) => [name, flags.map((flag) => flag.name)]));
  expect(flags).toEqual({
    init: ['dry-run'],
    doctor: ['shard'],
    setup: ['without', 'dry-run'],
    up: [
      'to',
      'shard',
      'tenant',
      'except-tenant',
      'plan',
      'canary',
      'atomic',
      'protocol',
      'terminate-blockers',
      'without',
      'offline',
      'dry-run',
    ],
    down: TAKEN_DOWN,
    redo: TAKEN_DOWN,
    status: ['verify', 'fail-on', 'shard', 'tenant', 'without'],
    why: [],
    sync: ['dry-run', 'prune', 'shard', 'tenant', 'without'],
    recover: ['dry-run', 'watch', 'forget', 'without'],
    stop: ['timeout'],
    history: ['limit'],
    'history show': [],
    baseline: ['from', 'table', 'to', 'shard', 'tenant', 'except-tenant', 'yes'],
    'ledger accept': ['shard', 'tenant', 'yes'],
    'ledger export': ['table', 'shard', 'tenant', 'yes'],
    lint: ['fail-on'],
    plan: ['sql-files', 'exit-code', 'shard', 'tenant'],
    rehearse: ['to', 'all-tenants', 'shard', 'tenant', 'except-tenant', 'out', 'offline'],
    create: ['sql', 'ts', 'js', 'scope'],
    'tenant list': [],
    'tenant add': ['shard', 'like', 'without', 'dry-run'],
    'tenant drop': ['shard', 'yes', 'without', 'dry-run'],
    'sandbox start': [],
    'sandbox stop': [],
    'sandbox status': [],
    'sandbox url': ['as'],
    'sandbox logs': ['follow'],
  });
});

test('migrate --help lists every command, migrate sandbox --help those of the sandbox', async () => {
  const all = await runCli(['--help'], { cwd });
  const sandbox = await runCli(['sandbox', '-h'], { cwd });
  for (const { name, summary } of COMMANDS) {
    expect(all.stdout).toMatch(new RegExp(`^ {2}${name}( \\S+)? +${summary}$`, 'm'));
    expect(sandbox.stdout.includes(`\n  ${name} `)).toBe(name.startsWith('sandbox '));
  }
});

test('flags may stand before --help, with their values', async () => {
  const { code, stdout } = await runCli(['-f', 'other.yaml', '--json', 'up', '3', '--help'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: migrate up [N]');
});

test('no line of the help is wider than a terminal of a hundred columns', async () => {
  for (const { name } of COMMANDS) {
    const { stdout } = await runCli([...name.split(' '), '--help'], { cwd });
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  }
});

test('--version is the version of the package', async () => {
  const { version } = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8')) as { version: string };
  expect(await runCli(['--version'], { cwd })).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('--help loads no package: it is as quick as Node itself', async () => {
  expect(await packagesBehind('src/cli.ts')).toEqual([]);
  expect(await packagesBehind('src/cli/perform.ts')).toEqual([]);
  expect(await packagesBehind('src/render/progress/shard-list.ts')).toEqual(['listr2']);
});

/** Packages that a module and all that it imports statically need at run time. */
async function packagesBehind(entry: string): Promise<readonly string[]> {
  const seen = new Set([path.join(ROOT, entry)]);
  const packages = new Set<string>();
  for (const file of seen) {
    for (const target of staticImports(await readFile(file, 'utf8'))) {
      if (target.startsWith('.')) seen.add(path.resolve(path.dirname(file), target.replace(/\.js$/, '.ts')));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  return [...packages].toSorted();
}

const staticImports = (source: string): readonly string[] =>
  [...source.matchAll(/^import (?!type )[^;]*?from '([^']+)';$/gm)].map(([, target]) => target ?? '');

test('the texts in the documentation are the texts of --help, and every command is there', async () => {
  await promisify(execFile)(process.execPath, [`${ROOT}/scripts/paste-help.js`, '--check']);
  const text = await readFile(`${ROOT}/docs/commands.md`, 'utf8');
  const markers = [...text.matchAll(/<!-- help:([a-z ]+) -->/g)].map(([, name]) => name);
  expect(markers).toEqual(['migrate', ...COMMANDS.map(({ name }) => name)]);
});

import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatAsked, readOutput, type OutputChoice } from '../../../src/cli/output/choice.js';
import { openOutFile } from '../../../src/cli/output/out-file.js';
import { readInvocation } from '../../../src/cli/words/invocation.js';
import { VeneerError } from '../../../src/errors.js';

const choice = async (...argv: readonly string[]): Promise<OutputChoice> =>
  readOutput(await readInvocation(argv));

test.each([
  [['status'], { format: 'text', out: null, shown: 'text' }],
  [['status', '--json'], { format: 'json', out: null, shown: 'json' }],
  [['status', '--json', '--format', 'json'], { format: 'json', out: null, shown: 'json' }],
  [['--format=html', 'up'], { format: 'html', out: null, shown: 'html' }],
  [['up', '--format', 'ndjson', '--out', 'a'], { format: 'ndjson', out: 'a', shown: 'text' }],
  [['status', '--format', 'prometheus', '--out', 'a'], { format: 'prometheus', out: 'a', shown: 'text' }],
  [['up', '--out', 'a'], { format: 'text', out: 'a', shown: 'text' }],
  // Its own --out is a plan's.
  [['rehearse', '--json', '--out', 'a'], { format: 'json', out: null, shown: 'json' }],
] as const)('%j', async (argv, wanted) => {
  expect(await choice(...argv)).toEqual(wanted);
});

test.each([
  [['up', '--format', 'xml'], '--format takes text, json, ndjson, markdown, html, prometheus, not xml'],
  [['up', '--format', 'markdwon'], 'did you mean markdown?'],
  [['up', '--json', '--format', 'html'], '--json and --format html are two forms'],
  [['up', '--format', 'prometheus'], 'migrate up has no metrics'],
  [['history', 'show', 'x', '--format', 'prometheus'], 'migrate history show has no metrics'],
  [['sandbox', 'logs', 'veneer', '--format', 'html'], 'it has no --format and no --out'],
  [['sandbox', 'logs', 'veneer', '--json'], 'it has no --json'],
  [['up', '--out', ''], '--out needs a FILE'],
] as const)('%j is refused', async (argv, message) => {
  const refused = await choice(...argv).catch((error: unknown) => error);
  expect(refused).toMatchObject({ message: expect.stringContaining(message), facts: { exitCode: 64 } });
});

test('where no metrics are to be had it is told who has them', async () => {
  await expect(choice('up', '--format', 'prometheus')).rejects.toMatchObject({
    facts: { hint: '--format prometheus works with migrate status' },
  });
});

test.each([
  [['up', '--wat', '--json'], 'json'],
  [['up', '--wat', '--format', 'markdown'], 'markdown'],
  [['up', '--wat', '--format=ndjson'], 'ndjson'],
  [['up', '--wat', '--format', 'wat'], 'text'],
  [['up', '--wat', '--json', '--out', 'a'], 'text'],
  [['rehearse', '--wat', '--json', '--out', 'a'], 'json'],
  [['up', '--wat'], 'text'],
] as const)('of a command line that nobody understands, %j, the form is %s', (argv, format) => {
  expect(formatAsked(argv)).toBe(format);
});

let dir: string;

const at = (name: string): string => path.join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'pg-veneer-out-'));
});

afterAll(() => rm(dir, { recursive: true }));

test('a file is written whole, again and again, with the permissions it has, and nothing stays beside it', async () => {
  const file = openOutFile(at('a.prom'));
  expect(await readdir(dir)).toEqual([]);
  file.write('one\n');
  await chmod(at('a.prom'), 0o604);
  openOutFile(at('a.prom')).write('two\n');
  expect(await readFile(at('a.prom'), 'utf8')).toBe('two\n');
  expect((await stat(at('a.prom'))).mode & 0o777).toBe(0o604);
  expect(await readdir(dir)).toEqual(['a.prom']);
});

test('whoever has the old file open goes on reading it: the new one takes its place', async () => {
  await writeFile(at('b'), 'old');
  const before = await stat(at('b'));
  openOutFile(at('b')).write('new');
  expect((await stat(at('b'))).ino).not.toBe(before.ino);
});

test('a link stays a link', async () => {
  await mkdir(at('folder'));
  await writeFile(at('folder/c'), 'old');
  await symlink('folder/c', at('link'));
  openOutFile(at('link')).write('new');
  expect(await readFile(at('folder/c'), 'utf8')).toBe('new');
  expect(await readdir(at('folder'))).toEqual(['c']);
});

test('one that leads to nothing yet, too, and over another', async () => {
  await symlink('folder/e', at('early'));
  await symlink('early', at('earlier'));
  openOutFile(at('earlier')).write('new');
  expect(await readFile(at('folder/e'), 'utf8')).toBe('new');
  expect((await lstat(at('earlier'))).isSymbolicLink()).toBe(true);
});

test.each([
  ['a folder that is not there', 'nowhere/a', 64],
  ['a folder', 'folder', 64],
  ['a folder that is to be', 'later/', 64],
  ['what has a file for its folder', 'a.prom/b', 64],
])('%s is found before anything runs', (_, name, exitCode) => {
  expect(() => openOutFile(at(name))).toThrow(VeneerError);
  try {
    openOutFile(at(name));
  } catch (error) {
    expect(error).toMatchObject({
      message: expect.stringContaining(`--out ${at(name)}`),
      facts: { exitCode },
    });
  }
});

test('a device is no file, and is left alone', () => {
  expect(() => openOutFile('/dev/null')).toThrow('--out /dev/null is no file');
});

test('what this user may not write is a matter of the machine: 78', async () => {
  await mkdir(at('closed'), { mode: 0o500 });
  // Root may write there; in /sys nobody may.
  const place = process.getuid?.() === 0 ? '/sys/pgveneer' : at('closed/a');
  expect(() => openOutFile(place)).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ exitCode: 78 }) }),
  );
});

test('when it cannot be written in the end, that is an error, and what was there stays', async () => {
  await mkdir(at('gone'));
  const file = openOutFile(at('gone/d'));
  await rm(at('gone'), { recursive: true });
  expect(() => file.write('x')).toThrow(/--out .* cannot be written/);
});

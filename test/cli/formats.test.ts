import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeHooks } from '../support/hooks.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';
import { runCli, type CliResult } from '../support/run-cli.js';
import { untilSome } from '../support/until.js';

let fleet: OwnFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

const inFleet = (name: string): string => path.join(fleet.dir, name);

const CREATE = (table: string): string => `CREATE TABLE ${table} (id int PRIMARY KEY, title text)`;

beforeAll(async () => {
  fleet = await startOwnFleet();
  expect(await cli('setup')).toMatchObject({ code: 0 });
});

afterAll(() => fleet.close());

const linesOf = (output: string): Record<string, unknown>[] =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('ndjson tells each thing of a real up as it happens, and ends with the report', async () => {
  await fleet.writeMigration('0001_books.sql', CREATE('books'));
  const { stdout, stderr, code } = await cli('up', '--format', 'ndjson');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const lines = linesOf(stdout);
  expect(lines.filter(({ at }) => !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(at)))).toEqual([]);
  expect(lines[0]).toMatchObject({ type: 'planned', shards: expect.any(Array) });
  const ofShard2 = lines.filter(({ shard }) => shard === 'shard2');
  const phases = ofShard2.map(({ type, phase, state }) => phase ?? `${String(type)}: ${String(state)}`);
  expect([...new Set(phases)]).toEqual(['running', 'veneer', 'preparing', 'committed', 'shard ended: done']);
  expect(lines.at(-1)).toMatchObject({ type: 'report', command: 'up', exitCode: 0, next: null });
  expect(lines.filter(({ type }) => type === 'report')).toHaveLength(1);
});

test('a command that only answers has the report alone, the same as in JSON', async () => {
  const [line, ...rest] = linesOf((await cli('history', '--format', 'ndjson')).stdout);
  expect(rest).toEqual([]);
  const { type, at: _, ...report } = line ?? {};
  expect(type).toBe('report');
  expect(report).toEqual(JSON.parse((await cli('history', '--json')).stdout));
});

/** A hook that prints far more than a pipe holds, before anything is done. */
const loud = (): Promise<void> =>
  writeHooks(fleet, { before_step: [{ command: 'yes "$(printf %02000d 0)" | head -150' }] });

const CLI = fileURLToPath(new URL('../../dist/bin/migrate.js', import.meta.url));

/** `migrate up`, whose output nobody reads yet. */
const upUnread = (...flags: readonly string[]): ChildProcessByStdio<null, Readable, null> =>
  spawn(process.execPath, [CLI, 'up', ...flags], { cwd: fleet.dir, stdio: ['ignore', 'pipe', 'ignore'] });

const runsEnded = async (): Promise<number> => {
  const [row] = await fleet.query(
    'veneer',
    `SELECT count(*)::int AS n FROM pgveneer.history WHERE event = 'run ended'`,
  );
  return Number(row?.['n']);
};

test.each(['ndjson', 'text'])('a reader that does not read holds no run up: %s', async (format) => {
  await loud();
  await fleet.writeMigration(`0002_slow_${format}.sql`, CREATE(`slow_${format}`));
  const before = await runsEnded();
  const child = upUnread('--format', format);
  const ended = `SELECT FROM pgveneer.history WHERE event = 'run ended' HAVING count(*) > ${before}`;
  await untilSome(fleet, 'veneer', ended);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(code).toBe(0);
  expect(output.length).toBeGreaterThan(500_000);
  if (format === 'ndjson') expect(linesOf(output).at(-1)).toMatchObject({ type: 'report', exitCode: 0 });
  await writeHooks(fleet, {});
});

test('a pipe that was closed breaks no run', async () => {
  await loud();
  await fleet.writeMigration('0003_closed.sql', CREATE('closed'));
  const child = upUnread('--format', 'ndjson');
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  await writeHooks(fleet, {});
  expect(await cli('plan')).toMatchObject({ stdout: expect.stringContaining('nothing is pending') });
});

test.each(['ndjson', 'text'])(
  'output that cannot be written breaks no run, and is told once: %s',
  async (format) => {
    await fleet.writeMigration(`0003_full_${format}.sql`, CREATE(`full_${format}`));
    // As a full disk does, a file that is open for reading refuses each line.
    await writeFile(inFleet('unwritable'), '');
    const place = await open(inFleet('unwritable'), 'r');
    const child = spawn(process.execPath, [CLI, 'up', '--format', format], {
      cwd: fleet.dir,
      stdio: ['ignore', place.fd, 'pipe'],
    });
    const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
    await place.close();
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^error: stdout cannot be written: EBADF.*\n  hint: .*\n$/),
    });
    expect(await cli('plan')).toMatchObject({ stdout: expect.stringContaining('nothing is pending') });
  },
);

test('an answer that a disk takes a part of is not taken for whole', async () => {
  const limited = 'ulimit -f 1; exec "$@" > part';
  const argv = ['-c', limited, 'sh', process.execPath, CLI, 'history', '--json'];
  const child = spawn('sh', argv, { cwd: fleet.dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^error: stdout cannot be written: EFBIG/),
  });
});

test('with --out the terminal shows the usual text, and the file holds the form that was asked for', async () => {
  await fleet.writeMigration('0004_more.sql', CREATE('more'));
  const dry = await cli('up', '--dry-run');
  for (const [format, begin] of [
    ['markdown', '### migrate up'],
    ['html', '<!doctype html>'],
    ['json', '{\n  "command": "up"'],
    ['text', 'dry run: nothing was changed'],
  ] as const) {
    const told = await cli('up', '--dry-run', '--format', format, '--out', 'report');
    expect({ format, ...told }).toEqual({ format, ...dry });
    expect(await readFile(inFleet('report'), 'utf8')).toMatch(new RegExp(`^${begin}`));
  }
  expect(await readFile(inFleet('report'), 'utf8')).toBe(dry.stdout);
});

test('the file of ndjson has the events as well', async () => {
  const { code, stdout } = await cli('up', '--format', 'ndjson', '--out', 'events.ndjson');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('3 steps committed') });
  const lines = linesOf(await readFile(inFleet('events.ndjson'), 'utf8'));
  expect(lines.filter(({ phase }) => phase === 'committed')).toHaveLength(3);
  expect(lines.at(-1)).toMatchObject({ type: 'report', command: 'up' });
});

test('a file that cannot be written is told before anything runs', async () => {
  await fleet.writeMigration('0005_never.sql', CREATE('never'));
  const told = await cli('up', '--json', '--out', 'nowhere/report.json');
  expect(told).toMatchObject({ code: 64, stdout: '' });
  expect(told.stderr).toContain('--out nowhere/report.json cannot be written');
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.never') AS t`)).toEqual([{ t: null }]);
});

test('the file that stdout goes to is not taken from it', async () => {
  const argv = ['-c', 'exec "$@" >> log', 'sh', process.execPath, CLI, 'history', '--out', '/dev/stdout'];
  await writeFile(inFleet('log'), 'before\n');
  const child = spawn('sh', argv, { cwd: fleet.dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect({ code, stderr }).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--out /dev/stdout is where stdout or stderr goes'),
  });
  expect(await readFile(inFleet('log'), 'utf8')).toBe('before\n');
});

test('one that cannot be written in the end hides neither the report nor the exit code', async () => {
  await mkdir(inFleet('folder'));
  await writeHooks(fleet, { after_run: [{ command: 'rmdir folder' }] });
  await fleet.writeMigration('0005_never.sql', 'SELECT 1/0');
  const told = await cli('up', '--json', '--out', 'folder/report.json');
  expect(told).toMatchObject({ code: 20, stdout: expect.stringContaining('next: migrate up') });
  expect(told.stderr).toContain('--out folder/report.json cannot be written');
  await writeHooks(fleet, {});
  await rm(inFleet('migrations/0005_never.sql'));
});

test('what ends a command without a report is in the form, and in the file', async () => {
  const told = await cli('status', '-f', 'nowhere.yaml', '--format', 'markdown');
  expect(told).toMatchObject({ code: 78, stderr: '' });
  expect(told.stdout).toContain('### migrate status · exit code 78, config\n');
  const filed = await cli('status', '-f', 'nowhere.yaml', '--json', '--out', 'failed.json');
  expect(filed).toMatchObject({ code: 78, stdout: '', stderr: expect.stringContaining('nowhere.yaml') });
  expect(JSON.parse(await readFile(inFleet('failed.json'), 'utf8'))).toMatchObject({
    command: 'status',
    exitCode: 78,
  });
});

test.each(['text', 'json', 'ndjson', 'markdown', 'html'])(
  'a password in the message of a server does not come through: %s',
  async (format) => {
    const leak = `DO $$ BEGIN RAISE EXCEPTION 'no answer from postgres://ann:geheim@db:5432/shop' USING DETAIL = 'postgresql://ann:geheim@db'; END $$`;
    await fleet.writeMigration('0005_leak.sql', leak);
    const told = await cli('up', '--format', format, '--out', 'leak');
    const shown = await cli('up', '--format', format);
    expect([told.code, shown.code]).toEqual([20, 20]);
    const all = [told, shown].map(({ stdout, stderr }) => stdout + stderr);
    const said = [...all, await readFile(inFleet('leak'), 'utf8')].join('');
    expect(said).toContain('no answer from');
    expect(said).not.toContain('geheim');
    await rm(inFleet('migrations/0005_leak.sql'));
  },
);

test('rehearse has an --out of its own: a plan; its report is in the form that was asked for', async () => {
  await fleet.writeMigration('0006_last.sql', CREATE('last'));
  const told = await cli('rehearse', '--format', 'markdown', '--out', 'plan.json');
  expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining('### migrate rehearse') });
  expect(JSON.parse(await readFile(inFleet('plan.json'), 'utf8'))).toMatchObject({
    format: 'pg-veneer plan 1',
  });
  expect(await cli('up', '--plan', 'plan.json')).toMatchObject({ code: 0 });
});

/** A series' value in a file of metrics. */
const valueIn = (metrics: string, series: string): string | undefined =>
  metrics
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

test('prometheus tells of drift, and of a shard that is down, in the place of the file that was there', async () => {
  await fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN isbn text');
  await mkdir(inFleet('collector'));
  await writeFile(inFleet('collector/pgveneer.prom'), 'old');
  const status = async (): Promise<CliResult> =>
    cli('status', '--format', 'prometheus', '--out', 'collector/pgveneer.prom');
  const read = (): Promise<string> => readFile(inFleet('collector/pgveneer.prom'), 'utf8');
  const of = `fleet="${fleet.name}"`;

  expect(await status()).toMatchObject({ code: 11, stdout: expect.stringContaining('bluth_co.books.isbn') });
  const drifted = await read();
  const drift = `pgveneer_drift{${of},veneer="veneer",shard="shard1",grade="invisible",kind="missing column"}`;
  expect(valueIn(drifted, drift)).toBe('1');
  expect(valueIn(drifted, `pgveneer_status_exit_code{${of}}`)).toBe('11');
  expect(valueIn(drifted, `pgveneer_member_reachable{${of},member="shard3",role="shard"}`)).toBe('1');

  await fleet.stop('shard3');
  expect(await status()).toMatchObject({ code: 23 });
  const down = await read();
  expect(valueIn(down, `pgveneer_status_exit_code{${of}}`)).toBe('23');
  expect(valueIn(down, `pgveneer_member_reachable{${of},member="shard3",role="shard"}`)).toBe('0');
  expect(valueIn(down, `pgveneer_tenants{${of},shard="shard3"}`)).toBe('1');
  expect(valueIn(down, `pgveneer_tenants_pending{${of},shard="shard3"}`)).toBeUndefined();
  expect(valueIn(down, drift)).toBe('1');
  expect(down.endsWith('\n')).toBe(true);

  // A status that could not read the fleet leaves the last reading, whose time tells how old it is.
  expect(
    await cli('status', '-f', 'nowhere.yaml', '--format', 'prometheus', '--out', 'collector/pgveneer.prom'),
  ).toMatchObject({ code: 78 });
  expect(await read()).toBe(down);
  expect(await readdir(inFleet('collector'))).toEqual(['pgveneer.prom']);
  await fleet.start('shard3');
});

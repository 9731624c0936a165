import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stop } from '../../src/commands/history/stop.js';
import { factsOf, STUBBORN, stubbornGone, TELL, writeHooks } from '../support/hooks.js';
import { signal } from '../support/hold.js';
import { startCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';
import { SLEEPING } from '../support/sessions.js';
import { untilNone, untilSome } from '../support/until.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY)';
const ISBN = 'ALTER TABLE books ADD COLUMN isbn text';

/** Does the shard have the column? */
const hasIsbn = async (): Promise<boolean> =>
  (await s.fleet.query('shard1', `SELECT FROM pg_attribute WHERE attname = 'isbn'`)).length > 0;

async function start(hooks: unknown): Promise<void> {
  await s.start(BOOKS);
  await writeHooks(s.fleet, hooks);
  await s.write(ISBN);
}

test('a hook that hangs is ended after its timeout, with all that it started', async () => {
  await start({ before_step: [{ command: STUBBORN, timeout: '200ms' }] });
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate up' });
  expect(report.problems[0]?.message).toMatch(
    /^the before_step hook failed: it took longer than 200 ms, and was ended \(trap /,
  );
  await stubbornGone(s.fleet);
  expect(await hasIsbn()).toBe(false);
});

test('so is SQL that hangs, and that would catch a cancel', async () => {
  const sql = `DO $$ BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(600); END $$`;
  await start({ before_step: [{ sql, on: 'shards', timeout: '200ms' }] });
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.message).toMatch(
    /it took longer than 200 ms, and was ended \(SQL on shards: DO/,
  );
  await untilNone(s.fleet, 'shard1', SLEEPING);
});

test('Ctrl-C ends the hook that runs; the step is not begun, and after_run is told', async () => {
  await start({ before_step: [{ command: STUBBORN }], after_step: [TELL], after_run: [TELL] });
  const controller = new AbortController();
  const up = s.runWith({
    signal: controller.signal,
    onProgress: (event) => event.type === 'hook' && controller.abort(),
  });
  const report = await up.up();
  expect(report).toMatchObject({ exitCode: 130, next: 'migrate up' });
  expect(report.shards[0]).toMatchObject({ state: 'interrupted', steps: [{ state: 'interrupted' }] });
  await stubbornGone(s.fleet);
  expect(await hasIsbn()).toBe(false);
  expect(await factsOf(s.fleet)).toMatchObject([{ event: 'after_run', exitCode: 130 }]);
});

test('a step whose hook before it ran has its hook behind it, also when it was interrupted; that one has little time', async () => {
  await start({ after_step: [TELL, { command: STUBBORN }], after_run: [TELL] });
  await s.fleet.writeMigration('0002_change.sql', 'SELECT pg_sleep(600)');
  const controller = new AbortController();
  const running = s.runWith({ signal: controller.signal }).up();
  await untilSome(s.fleet, 'shard1', SLEEPING);
  controller.abort();
  expect(await running).toMatchObject({ exitCode: 130 });
  await stubbornGone(s.fleet);
  expect(await factsOf(s.fleet)).toMatchObject([
    { event: 'after_step', outcome: 'interrupted' },
    { event: 'after_run', exitCode: 130 },
  ]);
});

test('an after_step hook ended by Ctrl-C: the step is committed, and what comes next is not begun', async () => {
  await start({ after_step: [{ command: STUBBORN }] });
  const controller = new AbortController();
  const up = s.runWith({
    signal: controller.signal,
    onProgress: (event) => event.type === 'hook' && controller.abort(),
  });
  const report = await up.up();
  expect(report).toMatchObject({ exitCode: 130, next: 'migrate up' });
  expect(report.shards[0]).toMatchObject({ state: 'interrupted', steps: [{ state: 'committed' }] });
  expect(report.shards[1]).toMatchObject({ state: 'not started' });
  await stubbornGone(s.fleet);
});

test('migrate stop ends the hook that runs', async () => {
  await start({ before_step: [{ command: STUBBORN }] });
  const ready = signal();
  const running = s.runWith({ onProgress: ({ type }) => type === 'hook' && ready.fire() }).up();
  await ready.promise;
  const context = { who: 'alice@laptop', signal: new AbortController().signal, onProgress: () => undefined };
  const stopped = await stop(await s.run.config(), { timeoutMs: 50_000 }, context);
  expect(stopped).toMatchObject({ state: 'ended', outcome: 'stopped' });
  expect(await running).toMatchObject({ exitCode: 143 });
  await stubbornGone(s.fleet);
});

test('a second Ctrl-C ends the command at once, and the hook with it', async () => {
  await start({ before_step: [{ command: STUBBORN }] });
  const cli = startCli(['up'], { cwd: s.fleet.dir });
  expect(await cli.line(/ready/)).toBe('[shard1] before_step: ready');
  cli.child.kill('SIGINT');
  await cli.line(/^stopping/);
  cli.child.kill('SIGINT');
  expect(await cli.result).toMatchObject({ code: 130 });
  await stubbornGone(s.fleet);
});

test('what a hook leaves in the background goes on, and nobody waits for it', async () => {
  await start({ before_step: [{ command: 'sleep 600 & echo $! > child' }] });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  process.kill(Number(await readFile(`${s.fleet.dir}/child`, 'utf8')), 'SIGKILL');
});

test('much output is cut, in lines and in their length, and what does not read its facts is no failure', async () => {
  const print = 'head -c 5000 /dev/zero | tr "\\0" x; echo; seq 1 100000';
  await start({ before_step: [{ command: print }] });
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
  const lines = s.run.events.flatMap((event) => (event.type === 'hook' ? event.text : []));
  expect(lines).toHaveLength(201);
  expect(lines[0]).toHaveLength(2000);
  expect(lines.slice(-2)).toEqual(['199', '… only the first 200 lines are shown']);
});

test('SQL has a session of its own: what it leaves open is rolled back and refused, what it sets nobody sees', async () => {
  await start({ before_step: [{ sql: 'BEGIN; CREATE TABLE public.left_open ()', on: 'shards' }] });
  const report = await s.run.up();
  expect(report.problems[0]?.message).toMatch(/it left its transaction open, which was rolled back/);
  expect(await s.fleet.query('shard1', `SELECT to_regclass('public.left_open') AS t`)).toEqual([{ t: null }]);
  await writeHooks(s.fleet, {
    before_step: [{ sql: `SET application_name = 'x'; SELECT 1/0`, on: 'veneer' }],
  });
  expect((await s.run.up()).problems[0]).toMatchObject({
    message: expect.stringMatching(/^the before_step hook failed: .*division by zero/),
    sqlstate: '22012',
    where: { member: 'veneer', migration: '0002_change' },
  });
  await writeHooks(s.fleet, { before_step: [{ sql: 'SET lock_timeout = 1', on: 'shards' }] });
  await s.fleet.writeMigration(
    '0002_change.sql',
    `DO $$ BEGIN ASSERT current_setting('lock_timeout') <> '1ms'; END $$; ${ISBN}`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

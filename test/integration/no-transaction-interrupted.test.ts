import { expect, test } from '@jest/globals';
import type { Client } from 'pg';
import type { UpReport } from '../../src/report/up.js';
import { commandsOn } from '../support/commands.js';
import { signal } from '../support/hold.js';
import { leaveAttempt, preparedIn } from '../support/leave-attempt.js';
import { assertLikeImport } from '../support/like-import.js';
import { runCli, startCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text); CREATE INDEX old ON books (title)';
const INDEX = '-- no-transaction\nCREATE INDEX CONCURRENTLY books_title ON books (title)';

const INTERRUPTED = '0002_change was interrupted half way for bluth_co: migrate up runs it again';
const AGAIN = {
  type: 'notice',
  text: '0002_change was interrupted half way for bluth_co: it runs again',
};

/** Indexes of bluth_co besides its primary key, with those of pg_toast: name and whether it is valid. */
async function indexes(): Promise<string[]> {
  const rows = await s.fleet.query(
    'shard1',
    `SELECT c.relname || ' ' || i.indisvalid AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE NOT i.indisprimary AND (NOT i.indisvalid OR c.relnamespace = 'bluth_co'::regnamespace) ORDER BY 1`,
  );
  return rows.map(({ index }) => String(index));
}

async function ledger(): Promise<string[]> {
  const rows = await s.fleet.query(
    'shard1',
    `SELECT state FROM pgveneer.ledger WHERE migration = '0002_change'`,
  );
  return rows.map(({ state }) => String(state));
}

/** A transaction of the application that has written to the table, and stays open. */
async function openWriter(): Promise<Client> {
  const client = await s.fleet.connect('shard1');
  await client.query(`BEGIN; INSERT INTO bluth_co.books VALUES (-1, 'open')`);
  return client;
}

/** `migrate up` in this process, once it tells that it waits for somebody on shard1; `stop` asks it to end. */
async function upThatWaits(): Promise<{
  readonly end: Promise<UpReport>;
  readonly stop: () => Promise<UpReport>;
}> {
  const controller = new AbortController();
  const waits = signal();
  const run = s.runWith({
    signal: controller.signal,
    onProgress: (event) => {
      if (event.type === 'notice' && event.text.startsWith('shard1 waits for')) waits.fire();
    },
  });
  const end = run.up();
  await Promise.race([waits.promise, end]);
  return {
    end,
    stop: () => {
      controller.abort();
      return end;
    },
  };
}

/** The next up runs it again, tells so, and then nothing is left of the interruption. */
async function expectHealed(wanted: readonly string[]): Promise<void> {
  const run = commandsOn(s.fleet);
  expect(await run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(run.events).toContainEqual(AGAIN);
  await expectWhole(wanted);
}

async function expectWhole(wanted: readonly string[]): Promise<void> {
  expect(await indexes()).toEqual(wanted);
  expect(await ledger()).toEqual(['applied']);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
  await assertLikeImport(s.fleet);
}

test.each(['', 'IF NOT EXISTS '])(
  'a runner killed while CREATE INDEX CONCURRENTLY %swaits: status says so, and the next up drops what is left and builds anew',
  async (clause) => {
    await s.start(BOOKS);
    await s.write(INDEX.replace('CONCURRENTLY ', `CONCURRENTLY ${clause}`));
    const writer = await openWriter();
    const runner = startCli(['up'], { cwd: s.fleet.dir });
    await runner.line(/shard1 waits for/);
    runner.child.kill('SIGKILL');
    await runner.result;
    expect(await ledger()).toEqual(['running']);
    expect(await indexes()).toEqual(['books_title false', 'old true']);
    const oid = `SELECT 'bluth_co.books_title'::regclass::oid AS oid`;
    const broken = await s.fleet.query('shard1', oid);
    const { end } = await upThatWaits();
    await writer.query('COMMIT');
    expect(await end).toMatchObject({ exitCode: 0, problems: [] });
    expect(await s.fleet.query('shard1', oid)).not.toEqual(broken);
    await expectWhole(['books_title true', 'old true']);
  },
);

test.each([
  'before running:bluth_co',
  'after running:bluth_co',
  'before statement:bluth_co',
  'after statement:bluth_co',
  'after statement:bluth_co#2',
  'before applied:bluth_co',
  'after applied:bluth_co',
])('a runner killed %s: the next up goes on, and what is done is not done again', async (point) => {
  await s.start(BOOKS);
  await s.write(`${INDEX};\nDROP INDEX CONCURRENTLY old`);
  const died = await runCli(['up'], { cwd: s.fleet.dir, env: { PGVENEER_TEST_CRASH_AT: point } });
  expect(died.signal).toBe('SIGKILL');
  const began = point === 'before running:bluth_co' ? [] : ['running'];
  expect(await ledger()).toEqual(point === 'after applied:bluth_co' ? ['applied'] : began);
  const { notices, exitCode } = await s.run.status();
  expect(exitCode).toBe(10);
  expect(notices.includes(INTERRUPTED)).toBe((await ledger())[0] === 'running');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await expectWhole(['books_title true']);
});

test('told to stop while it waits, up says how it stands; the next up goes on', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter();
  const { stop } = await upThatWaits();
  const report = await stop();
  expect(report).toMatchObject({
    exitCode: 130,
    next: 'migrate up',
    problems: [{ message: 'interrupted: the statement that ran was cancelled' }],
  });
  expect(report.shards.map(({ state }) => state)).toEqual(['interrupted', 'not started', 'not started']);
  expect((await s.run.status()).notices).toContain(INTERRUPTED);
  expect(await indexes()).toEqual(['books_title false', 'old true']);
  await writer.query('ROLLBACK');
  await expectHealed(['books_title true', 'old true']);
});

test('what an interrupted DROP INDEX CONCURRENTLY leaves is dropped by the next up', async () => {
  await s.start(BOOKS);
  await s.write('-- no-transaction\nDROP INDEX CONCURRENTLY old');
  const writer = await openWriter();
  const { stop } = await upThatWaits();
  expect(await stop()).toMatchObject({ exitCode: 130 });
  expect(await indexes()).toEqual(['old false']);
  await writer.query('ROLLBACK');
  await expectHealed([]);
});

test.each([
  ['TABLE', 'books', ['books_pkey_ccnew false', 'old_ccnew false']],
  ['INDEX', 'old', ['old_ccnew false']],
])(
  'what an interrupted REINDEX %s CONCURRENTLY leaves is dropped by the next up, and nothing else',
  async (kind, name, left) => {
    await s.start(`${BOOKS}; CREATE INDEX older ON books (title)`);
    await s.write(`-- no-transaction\nREINDEX ${kind} CONCURRENTLY ${name}`);
    await s.fleet.query(
      'shard1',
      'CREATE TABLE bluth_co.authors AS SELECT 1 AS id FROM generate_series(1, 2)',
    );
    const theirs = 'CREATE UNIQUE INDEX CONCURRENTLY older_ccnew ON bluth_co.authors (id)';
    await expect((await s.fleet.connect('shard1')).query(theirs)).rejects.toMatchObject({ code: '23505' });
    const writer = await openWriter();
    const { stop } = await upThatWaits();
    expect(await stop()).toMatchObject({ exitCode: 130 });
    for (const index of left) expect(await indexes()).toContain(index);
    await writer.query('ROLLBACK');
    expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
    const toast = (await indexes()).filter((index) => index.startsWith('pg_toast'));
    expect(await indexes()).toEqual(['old true', 'older true', 'older_ccnew false', ...toast]);
    // An owner may not enter pg_toast.
    expect(toast).toHaveLength(kind === 'TABLE' ? 1 : 0);
    const told = s.run.events.flatMap((event) => (event.type === 'notice' ? event.text : []));
    expect(told.filter((text) => text.endsWith('only a superuser can drop it'))).toHaveLength(toast.length);
  },
);

test('a connection that is lost half way is an interruption too', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter();
  const { end } = await upThatWaits();
  await s.fleet.query(
    'shard1',
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%'`,
  );
  const report = await end;
  expect(report).toMatchObject({ exitCode: 23, shards: [{ steps: [{ state: 'failed' }] }, {}, {}] });
  expect(await ledger()).toEqual(['running']);
  await writer.query('ROLLBACK');
  await expectHealed(['books_title true', 'old true']);
});

test('CREATE INDEX CONCURRENTLY beside an in-doubt step: up refuses to begin on a shard that is in doubt', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const parts = [
    { member: 'shard1', state: 'prepared' },
    { member: 'veneer', state: 'absent' },
  ] as const;
  await leaveAttempt(s.fleet, { parts, intent: false });
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(report.shards.map(({ state }) => state)).toEqual(Array(3).fill('not started'));
  expect(await ledger()).toEqual([]);
});

test('CREATE INDEX CONCURRENTLY beside a step that can be settled: up settles it first', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const parts = [
    { member: 'shard1', state: 'prepared' },
    { member: 'veneer', state: 'absent' },
  ] as const;
  await leaveAttempt(s.fleet, { parts, intent: true });
  expect(await preparedIn(s.fleet)).toHaveLength(1);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
  await expectWhole(['books_title true', 'old true']);
});

test('CREATE INDEX CONCURRENTLY beside somebody else’s prepared transaction: it is told for what it waits', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const theirs = await s.fleet.connect('shard1');
  const gid = `theirs-${s.fleet.name}`;
  await theirs.query(`BEGIN; INSERT INTO bluth_co.books VALUES (7, 'x'); PREPARE TRANSACTION '${gid}'`);
  const told = signal();
  const up = commandsOn(s.fleet, {
    onProgress: (event) => {
      if (event.type === 'notice' && event.text === 'shard1 waits for shard1: a prepared transaction')
        told.fire();
    },
  }).up();
  await told.promise;
  await theirs.query(`COMMIT PREPARED '${gid}'`);
  expect(await up).toMatchObject({ exitCode: 0 });
  await expectWhole(['books_title true', 'old true']);
});

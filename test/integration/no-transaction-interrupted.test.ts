import { expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { commandsOn } from '../support/commands.js';
import { signal } from '../support/hold.js';
import { leaveAttempt, preparedIn } from '../support/leave-attempt.js';
import { assertLikeImport } from '../support/like-import.js';
import { runScript, type Script } from '../support/run-script.js';
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

/** Waits until the statement waits for a lock of others, and answers its backend. */
async function waiting(like: string): Promise<number> {
  const client = await s.fleet.connect('shard1');
  for (;;) {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE query ILIKE $1 AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
          AND datname = current_database()`,
      [`${like}%`],
    );
    if (rows[0] !== undefined) return rows[0].pid;
  }
}

/** `migrate up` in a process of its own, which is killed when it comes to the point for the n-th time. */
const upElsewhere = (point = '', count = 1): Promise<Script> =>
  runScript(`
    const { loadConfig } = await load('config/load-config.ts');
    const { up } = await load('commands/up.ts');
    const config = await loadConfig({ cwd: ${JSON.stringify(s.fleet.dir)}, env: {} });
    let left = ${count};
    const at = async (point) => {
      if (point === ${JSON.stringify(point)} && --left === 0) process.kill(process.pid, 'SIGKILL');
    };
    const options = { shards: [], tenants: [], limit: { kind: 'all' }, dryRun: false, canary: false };
    const context = { onProgress: () => {}, signal: new AbortController().signal, who: 'test@localhost', at };
    await up(config, options, context);`);

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
    const runner = await upElsewhere();
    await waiting('CREATE INDEX CONCURRENTLY');
    runner.child.kill('SIGKILL');
    await runner.output;
    expect(await ledger()).toEqual(['running']);
    expect(await indexes()).toEqual(['books_title false', 'old true']);
    const oid = `SELECT 'bluth_co.books_title'::regclass::oid AS oid`;
    const broken = await s.fleet.query('shard1', oid);
    await writer.query('COMMIT');
    await expectHealed(['books_title true', 'old true']);
    expect(await s.fleet.query('shard1', oid)).not.toEqual(broken);
  },
);

test.each([
  ['before running:bluth_co', 1],
  ['after running:bluth_co', 1],
  ['before statement:bluth_co', 1],
  ['after statement:bluth_co', 1],
  ['after statement:bluth_co', 2],
  ['before applied:bluth_co', 1],
  ['after applied:bluth_co', 1],
])(
  'a runner killed %s (%d): the next up goes on, and what is done is not done again',
  async (point, count) => {
    await s.start(BOOKS);
    await s.write(`${INDEX};\nDROP INDEX CONCURRENTLY old`);
    const runner = await upElsewhere(point, count);
    await runner.output;
    expect(runner.child.signalCode).toBe('SIGKILL');
    const began = point === 'before running:bluth_co' ? [] : ['running'];
    expect(await ledger()).toEqual(point === 'after applied:bluth_co' ? ['applied'] : began);
    const { notices, exitCode } = await s.run.status();
    expect(exitCode).toBe(10);
    expect(notices.includes(INTERRUPTED)).toBe((await ledger())[0] === 'running');
    expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
    await expectWhole(['books_title true']);
  },
);

test('told to stop while it waits, up says how it stands; the next up goes on', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter();
  const controller = new AbortController();
  const up = s.runWith({ signal: controller.signal }).up();
  await waiting('CREATE INDEX CONCURRENTLY');
  controller.abort();
  const report = await up;
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
  const controller = new AbortController();
  const up = s.runWith({ signal: controller.signal }).up();
  await waiting('DROP INDEX CONCURRENTLY');
  controller.abort();
  expect(await up).toMatchObject({ exitCode: 130 });
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
    const theirs = 'CREATE UNIQUE INDEX CONCURRENTLY older_ccnew ON bluth_co.authors (id)';
    await s.fleet.query(
      'shard1',
      'CREATE TABLE bluth_co.authors AS SELECT 1 AS id FROM generate_series(1, 2)',
    );
    await expect((await s.fleet.connect('shard1')).query(theirs)).rejects.toMatchObject({ code: '23505' });
    const writer = await openWriter();
    const controller = new AbortController();
    const up = s.runWith({ signal: controller.signal }).up();
    await waiting('REINDEX');
    controller.abort();
    expect(await up).toMatchObject({ exitCode: 130 });
    for (const index of left) expect(await indexes()).toContain(index);
    await writer.query('ROLLBACK');
    expect(await s.run.up()).toMatchObject({ exitCode: 0 });
    expect(await indexes()).toEqual(['old true', 'older true', 'older_ccnew false']);
  },
);

test('a connection that is lost half way is an interruption too', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter();
  const up = s.run.up();
  const pid = await waiting('CREATE INDEX CONCURRENTLY');
  await s.fleet.query('shard1', `SELECT pg_terminate_backend(${pid})`);
  const report = await up;
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
  expect(report.shards.map(({ state }) => state)).toEqual(SHARDS.map(() => 'not started'));
  expect(await ledger()).toEqual([]);
});

const SHARDS = ['shard1', 'shard2', 'shard3'];

test('CREATE INDEX CONCURRENTLY beside a step that can be settled: up settles it first', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const parts = [
    { member: 'shard1', state: 'prepared' },
    { member: 'veneer', state: 'absent' },
  ] as const;
  const sql = (): string => 'SELECT 1';
  await leaveAttempt(s.fleet, { parts, intent: true, sql });
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

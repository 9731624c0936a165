import { expect, test } from '@jest/globals';
import type { Backfill } from '../../src/backfill.js';
import { startCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { signal } from '../support/hold.js';

const s = scenario({ config: (fleet) => bookstoreYaml(fleet).replace('lock_wait: 2s', 'lock_wait: 100ms') });

/** Ten rows for each tenant; n says how often a row was changed. */
const BOOKS = `
  CREATE TABLE books (shelf text, id int, n int NOT NULL DEFAULT 0, PRIMARY KEY (shelf, id));
  INSERT INTO books (shelf, id) SELECT chr(97 + i % 3), i FROM generate_series(1, 10) AS i`;

const FILL = '0002_fill';
const COUNT: Backfill = { table: 'books', set: { n: 'n + 1' }, batch: 3 };

const write = (wanted: Backfill, down = 'false'): Promise<void> =>
  s.fleet.writeMigration(
    `${FILL}.ts`,
    `import { backfill } from 'pg-veneer';
     export const up = (pgm) => backfill(pgm, ${JSON.stringify(wanted)});
     export const down = ${down};`,
  );

/** How often the rows of a tenant were changed, and how many were that often. */
async function changes(shard = 'shard1', tenant = 'bluth_co'): Promise<string[]> {
  const sql = `SELECT n || ' times: ' || count(*) AS line FROM ${tenant}.books GROUP BY n ORDER BY n`;
  return (await s.fleet.query(shard, sql)).map(({ line }) => String(line));
}

async function ledger(): Promise<unknown[]> {
  const sql = `SELECT state FROM pgveneer.ledger WHERE migration = '${FILL}'`;
  return (await s.fleet.query('shard1', sql)).map(({ state }) => state);
}

const ONCE = ['1 times: 10'];

test('each row of each tenant is changed once, in batches by the primary key, and progress is told', async () => {
  await s.start(BOOKS);
  await write(COUNT);
  const points: string[] = [];
  const run = s.runWith({ at: async (point) => void points.push(point) });
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.shards.flatMap(({ steps }) => steps.map(({ protocol }) => protocol))).toEqual(
    Array(3).fill('no transaction'),
  );
  expect(points.filter((point) => point === 'after batch:dunder_mifflin')).toHaveLength(4);
  for (const [shard, tenant] of [
    ['shard1', 'bluth_co'],
    ['shard2', 'cyberdyne'],
    ['shard2', 'dunder_mifflin'],
    ['shard3', 'initech'],
  ] as const)
    expect(await changes(shard, tenant)).toEqual(ONCE);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({
    exitCode: 0,
    shards: [{ steps: [] }, { steps: [] }, { steps: [] }],
  });
});

test('only rows of the condition are changed, and an empty table is no trouble', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', 'UPDATE bluth_co.books SET n = 7 WHERE id > 4');
  await s.fleet.query('shard3', 'DELETE FROM initech.books');
  await write({ ...COUNT, where: 'n = 0 OR false' });
  const told: string[] = [];
  await s
    .runWith({
      onProgress: (event) => event.type === 'filling' && told.push(`${event.tenant} ${event.rows}`),
    })
    .up();
  expect(await changes()).toEqual(['1 times: 4', '7 times: 6']);
  expect(told.toSorted()).toEqual(['bluth_co 4', 'cyberdyne 10', 'dunder_mifflin 10', 'initech 0']);
});

test.each([
  'before batch:bluth_co',
  'after batch:bluth_co',
  'before applied:bluth_co',
  'after running:bluth_co',
])(
  'a runner killed %s, twice: the next up goes on behind the last batch, and each row is changed once',
  async (point) => {
    await s.start(BOOKS);
    await write(COUNT);
    const env = { PGVENEER_TEST_CRASH_AT: point };
    for (const ledgerSays of ['running', 'running']) {
      expect(await startCli(['up'], { cwd: s.fleet.dir, env }).result).toMatchObject({ signal: 'SIGKILL' });
      expect(await ledger()).toEqual([ledgerSays]);
    }
    expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await changes()).toEqual(ONCE);
    expect(await ledger()).toEqual(['applied']);
  },
);

/** Comes to the end of the first batch of bluth_co, and does this before it goes on. */
const afterFirstBatch = (work: () => void) => {
  let isFirst = true;
  return async (point: string): Promise<void> => {
    if (point !== 'after batch:bluth_co' || !isFirst) return;
    isFirst = false;
    work();
  };
};

test('Ctrl-C ends it between two batches, and what is done stays done', async () => {
  await s.start(BOOKS);
  await write(COUNT);
  const controller = new AbortController();
  const run = s.runWith({ signal: controller.signal, at: afterFirstBatch(() => controller.abort()) });
  expect(await run.up()).toMatchObject({ exitCode: 130, next: 'migrate up' });
  expect(await changes()).toEqual(['0 times: 7', '1 times: 3']);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await changes()).toEqual(ONCE);
});

test('a batch that fails leaves those before it done, and the next up goes on with the row mended', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', `UPDATE bluth_co.books SET n = -1 WHERE shelf = 'c' AND id = 2`);
  await write({ ...COUNT, set: { n: 'n + 1 + 0 / (n + 1)' } });
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ sqlstate: '22012', where: { tenant: 'bluth_co', migration: FILL } }],
  });
  expect(report.problems[0]?.detail).toContain(
    'the statements before it are done; migrate up goes on behind them',
  );
  expect(await ledger()).toEqual(['running']);
  expect(await changes()).toEqual(['-1 times: 1', '0 times: 3', '1 times: 6']);
  await s.fleet.query('shard1', 'UPDATE bluth_co.books SET n = 0 WHERE n = -1');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await changes()).toEqual(ONCE);
});

test('one that fails before anything is done leaves no trace', async () => {
  await s.start(BOOKS);
  await write({ ...COUNT, set: { n: 'no_such_column' } });
  expect(await s.run.up()).toMatchObject({ exitCode: 20, problems: [{ sqlstate: '42703' }] });
  expect(await ledger()).toEqual([]);
});

test('a row that somebody holds: the batch waits for lock_wait at most, lets its rows go, and tries again', async () => {
  await s.start(BOOKS);
  await write(COUNT);
  const holder = await s.fleet.connect('shard1');
  await holder.query(`BEGIN; SELECT FROM bluth_co.books WHERE shelf = 'a' AND id = 9 FOR UPDATE`);
  const retried = signal();
  const running = s
    .runWith({ onProgress: (event) => event.type === 'step' && event.phase === 'retrying' && retried.fire() })
    .up({ shards: ['shard1'] });
  await retried.promise;
  await holder.query('COMMIT');
  expect(await running).toMatchObject({ exitCode: 0, problems: [] });
  expect(await changes()).toEqual(ONCE);
});

test('interrupted and edited: another batch or comment goes on, another change begins anew', async () => {
  await s.start(BOOKS);
  await write(COUNT);
  const interrupted = async (): Promise<void> => {
    const controller = new AbortController();
    const run = s.runWith({ signal: controller.signal, at: afterFirstBatch(() => controller.abort()) });
    expect(await run.up()).toMatchObject({ exitCode: 130 });
  };
  await interrupted();
  await write({ ...COUNT, batch: 2 });
  await interrupted();
  expect(await changes()).toEqual(['0 times: 5', '1 times: 5']);
  await write({ ...COUNT, set: { n: 'n + 10' }, batch: 100 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await changes()).toEqual(['10 times: 5', '11 times: 5']);
});

test('taken down and applied again it begins anew', async () => {
  await s.start(BOOKS);
  await write(COUNT, `(pgm) => backfill(pgm, ${JSON.stringify({ ...COUNT, set: { n: 'n - 1' } })})`);
  await s.run.up();
  expect(await s.run.down()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await changes()).toEqual(['0 times: 10']);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.redo()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await changes()).toEqual(ONCE);
});

test.each<readonly [string, string, Backfill, string]>([
  ['a table that is not there', '', { ...COUNT, table: 'nooks' }, 'bluth_co.nooks is not there'],
  [
    'a view',
    'CREATE VIEW few AS SELECT * FROM books',
    { ...COUNT, table: 'few' },
    'is no table whose rows live',
  ],
  ['no primary key', 'ALTER TABLE books DROP CONSTRAINT books_pkey', COUNT, 'has no primary key'],
  ['a column of the key', '', { ...COUNT, set: { id: 'id + 1' } }, 'id is part of the primary key'],
])('%s is refused, and nothing is changed', async (_what, sql, wanted, message) => {
  await s.start(`${BOOKS}; ${sql}`);
  await write(wanted);
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ where: { tenant: 'bluth_co', migration: FILL } }],
  });
  expect(report.problems[0]?.message).toContain(message);
  expect(await ledger()).toEqual([]);
});

test('a fleet that was set up before there were backfills says so, and setup makes what is missing', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', 'DROP TABLE pgveneer.backfill');
  await write(COUNT);
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 20, next: 'migrate setup' });
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

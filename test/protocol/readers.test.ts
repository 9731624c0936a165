import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { expect, test } from '@jest/globals';
import type { Progress } from '../../src/report/progress.js';
import { signal } from '../support/hold.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt } from '../support/stall-at.js';
import { blockedBy, waiting } from '../support/sessions.js';
import { untilSome } from '../support/until.js';

const rollout = 'rollout: { canary: [shard1], lock_wait: 500ms, lock_hold: 30s, retries: 100 }';

const s = scenario({ config: (fleet) => bookstoreYaml(fleet).replace(/rollout: .*/, rollout) });

const REWRITE = 'ALTER TABLE books ALTER COLUMN pages TYPE bigint';

const BOOKS = `CREATE TABLE books (id int, pages int); INSERT INTO books VALUES (1, 474);
               CREATE TABLE authors (id int); INSERT INTO authors VALUES (1)`;

/** A runner in other surroundings whose `retrying` resolves when it has given an attempt up. */
function retryingRun(): { readonly run: ReturnType<typeof s.runWith>; readonly retrying: Promise<void> } {
  const retried = signal();
  const onProgress = (event: Progress): void => {
    if (event.type === 'step' && event.phase === 'retrying') retried.fire();
  };
  return { run: s.runWith({ onProgress }), retrying: retried.promise };
}

const READERS = [
  { name: 'READ COMMITTED', begin: 'BEGIN ISOLATION LEVEL READ COMMITTED; SELECT FROM bluth_co.authors' },
  { name: 'REPEATABLE READ', begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM bluth_co.authors' },
  {
    name: 'after ROLLBACK TO SAVEPOINT',
    begin: 'BEGIN; SAVEPOINT a; SELECT FROM bluth_co.authors; ROLLBACK TO SAVEPOINT a',
  },
];

/** The reader's second query would find no row if the rewrite had gone through; it waits, or reads what was. */
test.each(READERS)(
  'rewrite with an old remote snapshot on another table of the shard, $name',
  async ({ begin }) => {
    await s.start(BOOKS);
    await s.write(REWRITE);
    const reader = await s.fleet.connect('veneer', 'app');
    await reader.query(begin);
    const { run, retrying } = retryingRun();
    const report = run.up({ shards: ['shard1'] });
    await Promise.race([retrying, report]);
    expect((await reader.query('SELECT pages FROM bluth_co.books')).rows).toEqual([{ pages: 474 }]);
    await reader.query('COMMIT');
    expect(await report).toMatchObject({ problems: [], exitCode: 0 });
    const [row] = await s.fleet.query('veneer', 'SELECT pages FROM bluth_co.books', 'app');
    expect(row).toEqual({ pages: '474' });
  },
);

const TABLES = ['t1', 't2', 't3', 't4', 't5'];

/** Long enough to count, and well below lock_wait: only all five together are more than it allows. */
const HOLD_MS = 300;

const pidOf = async (client: Client): Promise<number> =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;

/** Commits once the runner has waited for this session. */
async function letGoLate(holder: Client): Promise<void> {
  await untilSome(s.fleet, 'shard1', blockedBy(await pidOf(holder)));
  await delay(HOLD_MS);
  await holder.query('COMMIT');
}

test('five tables and one lock budget', async () => {
  await s.start(TABLES.map((table) => `CREATE TABLE ${table} (id int);`).join(' '));
  await s.write(TABLES.map((table) => `ALTER TABLE ${table} ADD COLUMN n int;`).join('\n'));
  const holders = await Promise.all(TABLES.map(() => s.fleet.connect('shard1', 'app')));
  for (const [index, holder] of holders.entries()) {
    await holder.query(`BEGIN; SELECT FROM bluth_co.${TABLES[index]}`);
  }
  const run = s.run.up({ shards: ['shard1'] });
  for (const holder of holders) await letGoLate(holder);
  const report = await run;
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(report.shards[0]?.steps[0]?.attempts).toBeGreaterThan(1);
});

test('CREATE INDEX CONCURRENTLY beside an in-doubt step', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const stalled = stallAt('before commit prepared:shard1');
  const report = s.runWith({ at: stalled.at }).up({ shards: ['shard1'] });
  await Promise.race([stalled.reached, report]);
  const builder = await s.fleet.connect('shard1');
  const pid = await pidOf(builder);
  const built = builder.query('CREATE INDEX CONCURRENTLY by_id ON bluth_co.books (id)');
  await untilSome(s.fleet, 'shard1', waiting(pid));
  await loseSessions(s.fleet, ['veneer', 'shard1'], 'all');
  stalled.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  // Whoever settles must not wait for the index, which waits for what is to be settled.
  expect(await s.run.recover()).toMatchObject({ settled: [{ ending: 'committed' }], exitCode: 0 });
  await built;
  const index = `SELECT indisvalid FROM pg_index WHERE indexrelid = 'bluth_co.by_id'::regclass`;
  expect(await s.fleet.query('shard1', index)).toEqual([{ indisvalid: true }]);
});

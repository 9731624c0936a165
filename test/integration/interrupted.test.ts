import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { assertLikeImport } from '../support/like-import.js';
import { preparedIn } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { shardStates } from '../support/outcomes.js';
import { expectAtRest } from '../support/at-rest.js';

const s = scenario();

/** Runs up and asks it to end when it comes to the point. */
async function interruptAt(point: string): Promise<UpReport> {
  const controller = new AbortController();
  return s
    .runWith({
      signal: controller.signal,
      at: async (reached) => (reached === point ? controller.abort() : undefined),
    })
    .up();
}

/** Nothing is locked, prepared or half done; the next up goes through. */
async function expectWhole(): Promise<void> {
  expect(await preparedIn(s.fleet)).toEqual([]);
  for (const { name } of s.fleet.servers) {
    const locks = await s.fleet.query(
      name,
      `SELECT l.mode, l.relation::regclass FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.pid <> pg_backend_pid() AND l.locktype IN ('relation', 'advisory')`,
    );
    expect(locks).toEqual([]);
  }
  await assertLikeImport(s.fleet);
  await expectAtRest(s.fleet, s.run);
}

test.each([
  'before begin:shard1',
  'before statements:bluth_co',
  'after statements:shard1',
  'before begin:veneer',
  'after statements:veneer',
])('told to stop at %s, up rolls the attempt back and says where every shard stands', async (point) => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const report = await interruptAt(point);
  expect(shardStates(report)).toEqual(['shard1: interrupted', 'shard2: not started', 'shard3: not started']);
  expect(report).toMatchObject({
    exitCode: 130,
    next: 'migrate up',
    shards: [{ steps: [{ state: 'interrupted' }] }, {}, {}],
  });
  expect(await s.run.status()).toMatchObject({ exitCode: 10, drift: [] });
  await expectWhole();
});

test.each([
  'after intent',
  'before prepare:veneer',
  'before commit prepared:shard1',
  'before commit prepared:veneer',
])(
  'told to stop at %s, when the vote has begun, up finishes the attempt and begins no other',
  async (point) => {
    await s.start('CREATE TABLE books (id int)');
    await s.write('ALTER TABLE books ADD COLUMN title text');
    await s.write('ALTER TABLE books ADD COLUMN isbn text');
    const report = await interruptAt(point);
    expect(shardStates(report)).toEqual(['shard1: stopped', 'shard2: not started', 'shard3: not started']);
    expect(report.shards[0]?.steps.map(({ state }) => state)).toEqual(['committed', 'not started']);
    expect(report).toMatchObject({ exitCode: 130, next: 'migrate up' });
    await expectWhole();
  },
);

test('a statement that runs is cancelled', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('SELECT pg_sleep(50)');
  const report = await interruptAt('before statements:bluth_co');
  expect(report.shards[0]).toMatchObject({ state: 'interrupted' });
  await s.fleet.writeMigration('0002_change.sql', 'SELECT 1');
  await expectWhole();
});

test('told to stop before it began, up and sync begin nothing', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  await s.fleet.query('veneer', 'DROP FOREIGN TABLE initech.books');
  const run = s.runWith({ signal: AbortSignal.abort() });
  const report = await run.up();
  expect(shardStates(report)).toEqual(['shard1: not started', 'shard2: not started', 'shard3: not started']);
  expect(report).toMatchObject({ exitCode: 130 });
  expect(await run.sync()).toMatchObject({ exitCode: 130, veneers: [{ statements: [] }] });
  await s.run.sync();
  await expectWhole();
});

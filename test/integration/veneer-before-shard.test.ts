import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const ROLLOUT = 'rollout: { batch: 1, lock_wait: 300ms, lock_hold: 30s, retries: 0 }';

const s = scenario({ config: (fleet) => bookstoreYaml(fleet).replace(/rollout: .*/, ROLLOUT) });

test('what is known to change is locked on the veneer before the shard runs a statement, which may have begun by then', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  // Of the tenant that comes second, so that what the step changes is known from the first.
  const holder = await s.fleet.connect('veneer', 'superuser');
  await holder.query("BEGIN; ALTER FOREIGN TABLE dunder_mifflin.books OPTIONS (ADD fetch_size '10')");
  const points: string[] = [];
  const run = s.runWith({ at: async (point) => void points.push(point) });
  const report = await run.up({ shards: ['shard2'] });
  const steps = [{ state: 'committed' }, { state: 'failed' }];
  expect(report).toMatchObject({ shards: [{ shard: 'shard2', steps }] });
  expect(points.filter((point) => point === 'after begin:shard2')).toHaveLength(2);
  expect(points).toContain('before statements:cyberdyne');
  expect(points).not.toContain('before statements:dunder_mifflin');
  await holder.query('ROLLBACK');
  await holder.end();
  expect(await s.run.up({ shards: ['shard2'] })).toMatchObject({ problems: [], exitCode: 0 });
});

/** `up` of shard1 while somebody holds a foreign table of its first tenant on the veneer; what it ran into. */
async function upBehindHolder(sql: string): Promise<readonly string[]> {
  await s.start('CREATE TABLE books (id int)');
  await s.write(sql);
  const holder = await s.fleet.connect('veneer', 'superuser');
  await holder.query("BEGIN; ALTER FOREIGN TABLE bluth_co.books OPTIONS (ADD fetch_size '10')");
  const points: string[] = [];
  const run = s.runWith({ at: async (point) => void points.push(point) });
  expect(await run.up({ shards: ['shard1'] })).toMatchObject({ shards: [{ steps: [{ state: 'failed' }] }] });
  await holder.query('ROLLBACK');
  await holder.end();
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ drift: [], exitCode: 0 });
  return points;
}

test('so is what the text of a migration tells, before any shard has run it', async () => {
  const points = await upBehindHolder('ALTER TABLE books ADD COLUMN title text');
  expect(points).toContain('after begin:shard1');
  expect(points).not.toContain('before statements:bluth_co');
});

test('what no text tells is found out by the first attempt, on the shard', async () => {
  const points = await upBehindHolder(`DO 'BEGIN ALTER TABLE books ADD COLUMN title text; END'`);
  expect(points).toContain('before statements:bluth_co');
});

test('a text that tells too much does no harm: nothing is changed on the veneer, and it takes no part', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ALTER id DROP NOT NULL; ALTER TABLE IF EXISTS none ADD COLUMN id int');
  const points: string[] = [];
  const run = s.runWith({ at: async (point) => void points.push(point) });
  expect(await run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(points).toContain('after begin:veneer');
  expect(points).toContain('after commit:shard1');
  expect(points).not.toContain('before intent');
});

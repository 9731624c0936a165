import type { Client } from 'pg';
import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const rollout = 'rollout: { canary: [shard1], lock_wait: 150ms, lock_hold: 30s, retries: 1 }';

const s = scenario({ config: (fleet) => bookstoreYaml(fleet).replace(/rollout: .*/, rollout) });

/** An application's transaction that has read or locked a table and is not over yet. */
async function holdTable(member: string, sql: string, as: 'app' | 'superuser' = 'app'): Promise<Client> {
  const client = await s.fleet.connect(member, as);
  await client.query(`SET application_name = 'shop'; BEGIN; ${sql}`);
  return client;
}

const HOLDERS = [
  {
    name: 'a reader of the foreign table',
    member: 'veneer',
    sql: 'SELECT * FROM bluth_co.books',
    as: 'app',
    named: 'shop',
  },
  {
    name: 'a writer of the shard itself',
    member: 'shard1',
    as: 'app',
    sql: 'INSERT INTO bluth_co.books VALUES (1)',
    named: 'shop',
  },
  {
    // Its row is written in the text that begins: what failed there has begun, too, and is rolled back before the next attempt.
    name: 'a lock on the ledger',
    member: 'shard1',
    sql: 'LOCK TABLE pgveneer.ledger IN SHARE MODE',
    as: 'superuser',
    named: 'shop',
  },
] as const;

test.each(HOLDERS)(
  'up that meets $name rolls back, tries again, and goes through when it is gone',
  async ({ member, sql, as }) => {
    await s.start('CREATE TABLE books (id int)');
    await s.write('ALTER TABLE books ADD COLUMN title text');
    await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('lock_wait: 2s', 'lock_wait: 150ms'));
    const holder = await holdTable(member, sql, as);
    const run = s.runWith({
      onProgress: (event) => {
        if (event.type === 'step' && event.phase === 'retrying') void holder.query('COMMIT');
      },
    });
    const report = await run.up();
    expect(report).toMatchObject({ exitCode: 0, shards: [{ steps: [{ state: 'committed' }] }, {}, {}] });
    expect(report.shards[0]?.steps[0]?.attempts).toBeGreaterThan(1);
    await assertLikeImport(s.fleet);
  },
);

test.each(HOLDERS)(
  'up that meets $name until its last attempt says whom, and leaves nothing behind',
  async ({ member, sql, as, named }) => {
    await s.start('CREATE TABLE books (id int)');
    await s.write('ALTER TABLE books ADD COLUMN title text');
    const holder = await holdTable(member, sql, as);
    const report = await s.run.up();
    expect(report).toMatchObject({
      exitCode: 20,
      shards: [{ state: 'failed', steps: [{ attempts: 2 }] }, {}, {}],
    });
    expect(report.problems[0]?.message).toMatch(/lock/);
    expect(JSON.stringify(report.problems)).toContain(`(${named}, `);
    await holder.query('COMMIT');
    expect(await s.run.status()).toMatchObject({ exitCode: 10, drift: [], inDoubt: [] });
    expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  },
);

test('a server whose deadlock_timeout is shorter than lock_wait is named as what bounds the wait', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace(/rollout: .*/, 'rollout: { lock_wait: 20s, retries: 0 }'),
  );
  await s.fleet.query(
    'shard1',
    `ALTER DATABASE ${s.fleet.database} SET deadlock_timeout = '125ms'`,
    'superuser',
  );
  const name = await s.write('ALTER TABLE books ADD COLUMN title text');
  const holder = await holdTable('shard1', 'INSERT INTO bluth_co.books VALUES (1)');
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report.problems).toEqual([
    expect.objectContaining({
      message: expect.stringMatching(
        /^a lock was not to be had within rollout.lock_wait \(20000 ms, cut to 100 ms to stay below the deadlock_timeout of 125 ms of shard1\)/,
      ),
      hint: expect.stringMatching(
        /deadlock_timeout of shard1 \(a longer rollout.lock_wait alone changes nothing\)/,
      ),
      where: {
        member: 'shard1',
        tenant: 'bluth_co',
        migration: name,
        file: `migrations/${name}.sql`,
        line: 1,
      },
    }),
  ]);
  await holder.query('COMMIT');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
});

test('sync that meets a reader of the foreign table says so, repairs the rest, and goes through when it is gone', async () => {
  await s.start('CREATE TABLE books (id int)');
  for (const [shard, tenant] of [
    ['shard1', 'bluth_co'],
    ['shard3', 'initech'],
  ]) {
    await s.fleet.query(shard!, `ALTER TABLE ${tenant}.books ADD COLUMN title text`);
  }
  const holder = await holdTable('veneer', 'SELECT FROM bluth_co.books');
  const report = await s.run.sync();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate sync', veneers: [{ state: 'failed' }] });
  expect(report.veneers[0]?.statements).toEqual([expect.stringContaining('"initech"."books"')]);
  expect(report.problems[0]?.message).toMatch(
    /^a lock was not to be had within rollout.lock_wait \(150 ms\), in each of 2 attempts/,
  );
  expect(veneerDrift(await s.run.status())).toMatchObject([{ object: 'bluth_co.books.title' }]);
  await holder.query('COMMIT');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  await assertLikeImport(s.fleet);
});

import { expect, test } from '@jest/globals';
import { Client } from 'pg';
import { urlWith } from '../../src/sandbox/databases.js';
import { leaveAttempt, preparedIn, type Part } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

async function leave(veneer: Part['state'], shard2: Part['state']): Promise<void> {
  await s.start('CREATE TABLE books (id int)');
  await leaveAttempt(s.fleet, {
    parts: [
      { member: 'shard1', state: 'absent' },
      { member: 'shard2', state: shard2 },
      { member: 'veneer', state: veneer },
    ],
    intent: true,
  });
}

/** The shard is lost with all that it held, and an empty database stands at its url. */
async function makeAnew(shard: string): Promise<void> {
  const database = s.fleet.database;
  const client = new Client({
    connectionString: urlWith(s.fleet.urlOf(shard, 'superuser'), { database: 'postgres' }),
  });
  await client.connect();
  try {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${database} OWNER bookstore_admin`);
  } finally {
    await client.end();
  }
}

const FORGET = { forget: ['shard1'] };

test.each([
  ['prepared', 'rolled back'],
  ['committed', 'committed'],
] as const)(
  'a shard that was lost and made anew is forgotten: where another one has %s, the step is %s',
  async (shard2, ending) => {
    await leave('prepared', shard2);
    await makeAnew('shard1');
    expect(await s.run.recover()).toMatchObject({ exitCode: 22 });
    const settled = [{ ending, detail: null }];
    expect(await s.run.recover({ ...FORGET, dryRun: true })).toMatchObject({ settled });
    expect(await s.run.recover(FORGET)).toMatchObject({ exitCode: 0, settled });
    expect(await preparedIn(s.fleet)).toEqual([]);
    await expect(s.run.recover(FORGET)).rejects.toMatchObject({ facts: { exitCode: 64 } });
    expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
    expect(await s.run.up()).toMatchObject({ exitCode: 0 });
    expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  },
);

test('a shard that took part is not forgotten while it answers', async () => {
  await leave('prepared', 'prepared');
  for (const dryRun of [true, false])
    await expect(s.run.recover({ ...FORGET, dryRun })).rejects.toMatchObject({
      facts: { exitCode: 64, where: { member: 'shard1' } },
    });
  expect(await preparedIn(s.fleet)).toHaveLength(2);
});

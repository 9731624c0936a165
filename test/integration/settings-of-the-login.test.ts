import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

/** On every member, for everybody who connects. */
async function settings(values: Readonly<Record<string, string>>): Promise<void> {
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3'])
    for (const [name, value] of Object.entries(values))
      await s.fleet.query(member, `ALTER DATABASE ${s.fleet.database} SET ${name} = '${value}'`, 'superuser');
}

/**
 * What administrators set for applications, so that nobody holds a lock or a connection for long. Milliseconds; not fewer, since they hold
 * until a session's first query has taken them off.
 */
const LIMITS = {
  statement_timeout: '1500',
  lock_timeout: '1500',
  idle_in_transaction_session_timeout: '1500',
  idle_session_timeout: '1500',
  transaction_timeout: '1500',
  default_transaction_read_only: 'on',
};

test('timeouts of a database or a login are none for a run, whose own budgets hold', async () => {
  await settings(LIMITS);
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  // Longer than any of them: for the shard's transaction, and for all sessions that wait for it meanwhile.
  await s.write('CREATE TABLE books (id int); SELECT pg_sleep(2); SELECT pg_sleep(0.1)');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ problems: [], drift: [], exitCode: 0 });
});

const FLUSHED = `CREATE TABLE flushed AS SELECT current_setting('synchronous_commit') AS value`;

test.each([
  { set: 'off', is: 'on' },
  { set: 'local', is: 'local' },
])('what a run commits is flushed, whatever applications do without: $set is $is', async ({ set, is }) => {
  await settings({ synchronous_commit: set });
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  await s.write(`${FLUSHED}; SET synchronous_commit TO DEFAULT`);
  await s.write(FLUSHED.replace('flushed', 'flushed_behind'));
  expect(await s.run.up({ shards: ['shard2'] })).toMatchObject({ problems: [], exitCode: 0 });
  for (const table of ['flushed', 'flushed_behind'])
    expect(await s.fleet.query('shard2', `SELECT value FROM cyberdyne.${table}`)).toEqual([{ value: is }]);
});

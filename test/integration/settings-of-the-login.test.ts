import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

/** What administrators set for applications, so that nobody holds a lock or a connection for long. Milliseconds. */
const LIMITS = {
  statement_timeout: '300',
  lock_timeout: '300',
  idle_in_transaction_session_timeout: '300',
  idle_session_timeout: '300',
  transaction_timeout: '300',
  default_transaction_read_only: 'on',
};

test('timeouts of a database or a login are none for a run, whose own budgets hold', async () => {
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3'])
    for (const [name, value] of Object.entries(LIMITS))
      await s.fleet.query(member, `ALTER DATABASE ${s.fleet.database} SET ${name} = '${value}'`, 'superuser');
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  // Longer than any of them: for the shard's transaction, and for all sessions that wait for it meanwhile.
  await s.write('CREATE TABLE books (id int); SELECT pg_sleep(0.7); SELECT pg_sleep(0.1)');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ problems: [], drift: [], exitCode: 0 });
});

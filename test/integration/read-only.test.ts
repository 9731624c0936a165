import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSession, type Session } from '../../src/postgres/session.js';
import { inReadOnly } from '../../src/postgres/transaction.js';
import { Secret } from '../../src/secret.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let session: Session;

beforeAll(async () => {
  fleet = await freshFleet();
  const url = new Secret(fleet.urlOf('shard1'));
  session = await openSession({ member: 'shard1', url, applicationName: 'test' });
});

afterAll(async () => {
  await session.close();
  await fleet.close();
});

const level = () => session.query(`SELECT current_setting('transaction_isolation') AS level`);

test('two that read in one session have a snapshot each, and a failure of one is none of the other', async () => {
  const [broken, ...others] = await Promise.allSettled([
    inReadOnly(session, () => session.query('SELECT 1 / 0')),
    inReadOnly(session, level),
    inReadOnly(session, level),
  ]);
  expect(broken.status).toBe('rejected');
  const repeatable = { status: 'fulfilled', value: [{ level: 'repeatable read' }] };
  expect(others).toEqual([repeatable, repeatable]);
  expect(session.status()).toBe('I');
});

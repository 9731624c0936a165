import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSession, type Session } from '../../src/postgres/session.js';
import { startBudget } from '../../src/protocol/lane/budget.js';
import { runBatched } from '../../src/protocol/align/run-batched.js';
import { Secret } from '../../src/secret.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let session: Session;

beforeAll(async () => {
  fleet = await freshFleet();
  const url = new Secret(fleet.urlOf('veneer'));
  session = await openSession({ member: 'veneer', url, applicationName: 'test' });
  await session.run('CREATE SCHEMA s');
});

afterAll(async () => {
  await session.close();
  await fleet.close();
});

const create = (name: string): Promise<string[]> =>
  runBatched(
    session,
    startBudget({ lockWaitMs: 1_000, lockHoldMs: 10_000 }),
    [{ statements: [`CREATE TABLE s.${name} ()`] }],
    { waits: () => false, explain: (error) => error },
  );

const tables = (): Promise<{ name: string }[]> =>
  session.query(`SELECT relname AS name FROM pg_class WHERE relnamespace = 's'::regnamespace`);

test('what changes a veneer is refused where its BEGIN was on the way and failed: it would commit by itself', async () => {
  // As pg_cancel_backend does it that comes before BEGIN has run: the session stays, and no transaction is open.
  const begun = session.precede(`SELECT 1 / 0; BEGIN`);
  const changed = create('alone');
  await expect(begun).rejects.toMatchObject({ facts: { sqlstate: '22012' } });
  await expect(changed).rejects.toMatchObject({ facts: { sqlstate: '25P01' } });
  expect(await tables()).toEqual([]);
});

test('behind a BEGIN that is on its way it runs in that transaction', async () => {
  const begun = session.precede('BEGIN');
  expect(await create('inside')).toEqual(['CREATE TABLE s.inside ()']);
  await begun;
  expect(await tables()).toEqual([{ name: 'inside' }]);
  await session.run('ROLLBACK');
  expect(await tables()).toEqual([]);
});

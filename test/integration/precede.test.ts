import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { allDone } from '../../src/postgres/all-done.js';
import { openSession, type Session } from '../../src/postgres/session.js';
import { Secret } from '../../src/secret.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let session: Session;

beforeEach(async () => {
  fleet = await freshFleet();
  const url = new Secret(fleet.urlOf('shard1'));
  session = await openSession({ member: 'shard1', url, applicationName: 'test' });
  await session.run('CREATE SCHEMA s; CREATE TABLE s.t (id int)');
});

afterEach(async () => {
  await session.close();
  await fleet.close();
});

const rows = (): Promise<{ n: number }[]> => session.prepared('SELECT count(*)::int AS n FROM s.t');

test('what is prepared behind a text is sent before it was answered, and finds what it left', async () => {
  let answered = false;
  const text = session
    .precede('BEGIN; INSERT INTO s.t VALUES (1); INSERT INTO s.t VALUES (2)')
    .then((tags) => {
      answered = true;
      return tags;
    });
  const asked = session.prepared('SELECT count(*)::int AS n FROM s.t WHERE id > $1', [0]);
  // What waits for an answer has nothing on its way yet.
  const waiting = session.query('SELECT 1');
  expect(answered).toBe(false);
  expect(await allDone([text, asked])).toMatchObject([
    [{ command: 'BEGIN' }, { command: 'INSERT' }, { command: 'INSERT' }],
    [{ n: 2 }],
  ]);
  await waiting;
  expect(session.status()).toBe('T');
});

test('the server does it all in the order of the calls, whoever waits for an answer', async () => {
  await session.run('CREATE SEQUENCE s.turns');
  const turn = `SELECT nextval('s.turns')::int AS n`;
  const answered = await allDone([
    session.prepared(turn),
    session.precede(turn),
    session.prepared(turn),
    session.ask(turn),
    session.query(turn),
    session.precede(turn),
  ]);
  const answer = (n: number) => [{ rows: [[n]] }];
  expect(answered).toMatchObject([[{ n: 1 }], answer(2), [{ n: 3 }], answer(4), [{ n: 5 }], answer(6)]);
});

test('only its own statements are counted and told of, whatever comes behind', async () => {
  const told: number[] = [];
  await allDone([
    session.precede('SELECT 1; SELECT 2; SELECT 3', (completed) => told.push(completed)),
    ...Array.from({ length: 20 }, rows),
  ]);
  expect(told).toEqual([1, 2, 3]);
});

test('where it fails, the error says how many of its statements had completed, and is the one that is told', async () => {
  await session.run('BEGIN');
  const both = allDone([session.precede('SELECT 1; SELECT 2; SELECT 1 / 0; SELECT 3'), rows(), rows()]);
  await expect(both).rejects.toMatchObject({ facts: { sqlstate: '22012' }, completed: 2 });
  expect(session.status()).toBe('E');
  await session.run('ROLLBACK');
  // Outside of a transaction what is behind it runs all the same.
  const [failed, behind] = await Promise.allSettled([session.precede('SELECT 1; SELECT 1 / 0'), rows()]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { completed: 1 } });
  expect(behind).toEqual({ status: 'fulfilled', value: [{ n: 0 }] });
});

test('of several on their way each counts its own, the one that fails and those that fail behind it, too', async () => {
  const told: string[] = [];
  const tell = (what: string) => (completed: number) => told.push(`${what} ${completed}`);
  const ended = await Promise.allSettled([
    session.precede('BEGIN', tell('begin')),
    session.precede('INSERT INTO s.t VALUES (1); SELECT 1; SELECT 1 / 0', tell('text')),
    session.precede('SELECT 2; SELECT 3', tell('behind')),
    rows(),
    session.run('ROLLBACK; SELECT 1; SELECT 1 / 0', tell('run')),
  ]);
  expect(told).toEqual(['begin 1', 'text 1', 'text 2', 'run 1', 'run 2']);
  expect(ended).toMatchObject([
    { status: 'fulfilled', value: [{ command: 'BEGIN', count: 0 }] },
    { reason: { completed: 2, facts: { sqlstate: '22012' } } },
    { reason: { completed: 0, facts: { sqlstate: '25P02' } } },
    { reason: { completed: 0, facts: { sqlstate: '25P02' } } },
    { reason: { completed: 2, facts: { sqlstate: '22012' } } },
  ]);
  expect(await rows()).toEqual([{ n: 0 }]);
});

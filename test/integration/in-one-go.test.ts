import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { allDone } from '../../src/postgres/all-done.js';
import { parkedSession } from '../../src/postgres/parked-session.js';
import { newParking } from '../../src/postgres/parking.js';
import { openSession, withSession, type Session, type SessionOptions } from '../../src/postgres/session.js';
import { inOneGoWith, rowsIfThere } from '../../src/postgres/state-tables.js';
import { inOneGo, inReadOnly } from '../../src/postgres/transaction.js';
import { Secret } from '../../src/secret.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { logged } from '../support/logged.js';
import type { TestFleet } from '../support/test-fleet.js';
import { untilTrue } from '../support/until.js';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await freshFleet();
});

afterAll(() => fleet.close());

const options = (more: Partial<SessionOptions> = {}): SessionOptions => ({
  member: 'veneer',
  url: new Secret(fleet.urlOf('veneer')),
  applicationName: 'test',
  ...more,
});

const one = (session: Session): Promise<unknown[]> => session.prepared('SELECT 1 AS one');
const broken = (session: Session): Promise<unknown[]> => session.prepared('SELECT 1 / 0 AS broken');
const xact = (session: Session): Promise<unknown[]> =>
  session.prepared('SELECT now()::text AS at, current_setting($1) AS only', ['transaction_read_only']);

test('what is asked for in one go is asked inside of one transaction that reads, and the next has its own', async () => {
  await withSession(options(), async (session) => {
    const [[first, second], third] = await allDone([
      inOneGo(session, () => allDone([xact(session), xact(session)])),
      inOneGo(session, () => xact(session)),
    ]);
    expect(first).toEqual([{ at: expect.any(String), only: 'on' }]);
    expect(second).toEqual(first);
    expect(third).not.toEqual(first);
    expect(session.status()).toBe('I');
    expect(await xact(session)).toMatchObject([{ only: 'off' }]);
  });
});

test('an error is told as it is, and touches nothing that was asked for at the same time in another go', async () => {
  await withSession(options(), async (session) => {
    const answers = await Promise.allSettled([
      inOneGo(session, () => one(session)),
      inOneGo(session, () => allDone([one(session), broken(session), one(session)])),
      inOneGo(session, () => one(session)),
      inReadOnly(session, () => one(session)),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: [{ one: 1 }] },
      { status: 'rejected', reason: { message: 'division by zero' } },
      { status: 'fulfilled', value: [{ one: 1 }] },
      { status: 'fulfilled', value: [{ one: 1 }] },
    ]);
    expect(session.isIdle()).toBe(true);
  });
});

test('a statement that the server did not come to parse in one go is parsed in the next', async () => {
  await withSession(options(), async (session) => {
    const [first, second] = await Promise.allSettled([
      inOneGo(session, () => allDone([broken(session), one(session)])),
      inOneGo(session, () => allDone([one(session), one(session)])),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'division by zero' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: [[{ one: 1 }], [{ one: 1 }]] });
    expect(await one(session)).toEqual([{ one: 1 }]);
  });
});

test('what is set for one go holds there alone, and where that is refused nothing is answered', async () => {
  const path = (session: Session): Promise<unknown[]> =>
    session.prepared('SELECT current_setting($1) AS path', ['search_path']);
  await withSession(options(), async (session) => {
    const answers = await Promise.allSettled([
      inOneGo(session, () => path(session), ['SET LOCAL search_path = public']),
      inOneGo(session, () => path(session), ['SET LOCAL ROLE "nobody at all"']),
      inOneGo(session, () => path(session)),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: [{ path: 'public' }] },
      { status: 'rejected', reason: { message: 'role "nobody at all" does not exist' } },
      { status: 'fulfilled', value: [{ path: 'pg_catalog' }] },
    ]);
  });
});

test('nothing can be written in one go, or in a snapshot', async () => {
  await withSession(options(), async (session) => {
    const write = (): Promise<unknown> => session.prepared('CREATE TABLE public.written ()');
    await expect(inOneGo(session, write)).rejects.toMatchObject({ facts: { sqlstate: '25006' } });
    await expect(inReadOnly(session, write)).rejects.toMatchObject({ facts: { sqlstate: '25006' } });
  });
});

test('a snapshot in which nothing is asked, or that fails before, leaves no transaction behind', async () => {
  await withSession(options(), async (session) => {
    expect(await inReadOnly(session, async () => 'nothing')).toBe('nothing');
    expect(session.status()).toBe('I');
    const fail = (): Promise<never> => {
      throw new Error('at once');
    };
    await expect(inReadOnly(session, fail)).rejects.toThrow('at once');
    expect(session.status()).toBe('I');
    await expect(inOneGo(session, fail)).rejects.toThrow('at once');
    expect(session.status()).toBe('I');
  });
});

const ledger = (session: Session): Promise<unknown> =>
  rowsIfThere(session, 'ledger', () => session.prepared('SELECT FROM pgveneer.ledger'));

test('a table of ours that is not there is no rows, breaks nothing that is read with it, and is no error of the server', async () => {
  const read = await logged(fleet, 'veneer');
  await withSession(options(), async (session) => {
    const all = (): Promise<unknown[]> =>
      allDone([one(session), ledger(session), ledger(session), one(session)]);
    const expected = [[{ one: 1 }], null, null, [{ one: 1 }]];
    expect(await inOneGoWith(session, 'ledger', all)).toEqual(expected);
    expect(await inReadOnly(session, all)).toEqual(expected);
    await session.run('BEGIN');
    expect(await all()).toEqual(expected);
    await session.run('ROLLBACK');
    expect(await read()).not.toContain('ERROR');
    expect(await ledger(session)).toBe(null);
  });
});

test('one that was made after the session was opened is found', async () => {
  await withSession(options(), async (session) => {
    await fleet.query('veneer', 'CREATE SCHEMA pgveneer; CREATE TABLE pgveneer.ledger ()');
    try {
      expect(await inOneGoWith(session, 'ledger', () => ledger(session))).toEqual([]);
      await withSession(options(), async (later) => {
        expect([...later.server.stateTables]).toEqual(['ledger']);
        expect(await inOneGoWith(later, 'ledger', () => ledger(later))).toEqual([]);
      });
    } finally {
      await fleet.query('veneer', 'DROP TABLE pgveneer.ledger; DROP SCHEMA pgveneer');
    }
  });
});

test('a connection that comes anew is asked in the order of the calls', async () => {
  const opened: Session[] = [];
  const session = parkedSession('veneer', newParking(1), async () => {
    opened.push(await openSession(options()));
    return opened.at(-1)!;
  });
  try {
    await session.visit();
    await fleet.query('veneer', `SELECT pg_terminate_backend(${session.pid})`, 'superuser');
    await untilTrue(async () => opened[0]?.isLost() === true);
    expect(await inOneGo(session, () => xact(session))).toMatchObject([{ only: 'on' }]);
  } finally {
    await session.close();
  }
});

test('what is asked with the rights of the login runs between the rest, and leaves the role as it was', async () => {
  const url = new Secret(fleet.urlOf('veneer', 'superuser'));
  const login = new URL(url.reveal()).username;
  const who = 'SELECT current_user::text AS name';
  await withSession(options({ url, role: 'veneer_admin' }), async (session) => {
    const asked = (): Promise<unknown[]> =>
      allDone([session.prepared(who), session.asLogin(who), session.prepared(who)]);
    const expected = ['veneer_admin', login, 'veneer_admin'].map((name) => [{ name }]);
    expect(await asked()).toEqual(expected);
    expect(await inOneGo(session, asked)).toEqual(expected);
    await expect(
      inOneGo(session, () => allDone([session.asLogin('SELECT 1 / 0'), session.prepared(who)])),
    ).rejects.toThrow('division by zero');
    expect(await session.prepared(who)).toEqual([{ name: 'veneer_admin' }]);
  });
});

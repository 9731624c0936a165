import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt } from '../support/stall-at.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { twoVeneers, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  fleet = await twoVeneers();
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

/** What is prepared on the server of both veneers, by database. */
const preparedOnServer = async (): Promise<string[]> => {
  const rows = await fleet.query(
    'veneer',
    `SELECT database::text AS name FROM pg_prepared_xacts WHERE starts_with(database, current_database()) ORDER BY 1`,
  );
  return rows.map(({ name }) => String(name));
};

const isThere = (column: string): string =>
  `SELECT FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attname = '${column}'`;

const titleOn = async (query: (sql: string) => Promise<unknown[]>): Promise<boolean> =>
  (await query(isThere('title'))).length > 0;

/** Has blue the new column, has green? */
const shownOn = async (): Promise<boolean[]> => [
  await titleOn((sql) => fleet.query('veneer', sql)),
  await titleOn((sql) => fleet.green(sql)),
];

test.each(['before prepare:green', 'before commit prepared:green'])(
  'two databases of one server in one group, cut %s',
  async (point) => {
    await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ADD COLUMN title text');
    const committed = point === 'before commit prepared:green';
    const old = stallAt(point, [committed ? 'after commit prepared:blue' : 'after prepare:blue']);
    const report = commandsOn(fleet, { at: old.at }).up({ shards: ['shard1'] });
    await Promise.race([old.reached, report]);
    expect(await preparedOnServer()).toEqual([committed ? `${fleet.database}_green` : fleet.database]);
    await loseSessions(fleet, ['veneer', 'shard1'], 'all');
    old.release();
    expect(await report).toMatchObject({ exitCode: 22 });
    expect(await run.recover()).toMatchObject({
      exitCode: 0,
      settled: [{ ending: committed ? 'committed' : 'rolled back' }],
    });
    expect(await preparedOnServer()).toEqual([]);
    expect(await shownOn()).toEqual([committed, committed]);
    expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await shownOn()).toEqual([true, true]);
    expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  },
);

test.each([
  {
    protocol: 'two-phase' as const,
    passed: 'after commit prepared:blue',
    point: 'before commit prepared:green',
  },
  { protocol: 'lock-step' as const, passed: 'after commit:blue', point: 'before commit:green' },
])('sync cut between commits, $protocol', async ({ protocol, passed, point }) => {
  await fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN title text');
  const old = stallAt(point, [passed]);
  const report = commandsOn(fleet, { at: old.at }).sync({ shards: ['shard1'], protocol });
  await Promise.race([old.reached, report]);
  expect(await shownOn()).toEqual([true, false]);
  await loseSessions(fleet, ['veneer', 'shard1'], 'all');
  old.release();
  expect(await report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(await run.sync()).toMatchObject({
    exitCode: 0,
    settled: [{ ending: 'committed' }],
    veneers: [{ state: 'in line' }, { state: 'in line' }],
  });
  expect(await shownOn()).toEqual([true, true]);
  const status = await run.status();
  expect(status.inDoubt).toEqual([]);
  expect(veneerDrift(status)).toEqual([]);
});

test.each([
  { protocol: 'two-phase' as const, word: 'commit prepared' },
  { protocol: 'lock-step' as const, word: 'commit' },
])('the veneers commit last, $protocol: until then a reader waits', async ({ protocol, word }) => {
  await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ADD COLUMN title text');
  const seen: { point: string; reader: string; shown: boolean }[] = [];
  const at = async (point: string): Promise<void> => {
    if (![`before ${word}:shard1`, `after ${word}:shard1`].includes(point)) return;
    const [row] = await fleet.query('shard1', isThere('title'));
    seen.push({ point, reader: await readTitle(), shown: row !== undefined });
  };
  expect(await commandsOn(fleet, { at }).up({ shards: ['shard1'], protocol })).toMatchObject({ exitCode: 0 });
  // A veneer that had committed first would let the reader through, to a shard that has no such column.
  expect(seen).toEqual([
    { point: `before ${word}:shard1`, reader: 'waits', shown: false },
    { point: `after ${word}:shard1`, reader: 'waits', shown: true },
  ]);
  expect(await readTitle()).toBe('reads');
});

/** What a reader through the veneer gets at this moment. */
async function readTitle(): Promise<string> {
  const reader = await fleet.connect('veneer', 'app');
  try {
    await reader.query(`SET lock_timeout = '50ms'`);
    await reader.query('SELECT title FROM bluth_co.books');
    return 'reads';
  } catch (error) {
    const { code } = error as { code?: string };
    return code === '55P03' ? 'waits' : `fails with ${code}`;
  } finally {
    await reader.end();
  }
}

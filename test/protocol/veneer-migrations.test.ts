import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Commands } from '../support/commands.js';
import { killedAt } from '../support/killed-at.js';
import { twoVeneersWithBooks, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeAll(async () => {
  ({ fleet, run } = await twoVeneersWithBooks());
});

afterAll(() => fleet.close());

const LEDGER = `SELECT migration, state FROM pgveneer.ledger WHERE scope = 'veneer' ORDER BY migration`;

const onBoth = (sql: string): Promise<unknown[]> =>
  Promise.all([fleet.query('veneer', sql), fleet.green(sql)]);

test('a migration for the veneers runs on all of them in one step, and each knows its own name', async () => {
  await fleet.writeMigration(
    'veneer/2_view.sql',
    `CREATE VIEW all_books AS SELECT id FROM cyberdyne.books; -- a comment at the end
     CREATE TABLE told AS SELECT current_setting('pgveneer.veneer') AS name -- and here`,
  );
  expect(await run.up()).toMatchObject({
    exitCode: 0,
    veneerSteps: [{ veneers: ['blue', 'green'], protocol: 'two-phase', state: 'committed' }],
  });
  expect(await onBoth('SELECT name FROM public.told')).toEqual([[{ name: 'blue' }], [{ name: 'green' }]]);
});

test('in lock-step a veneer follows though another one cannot', async () => {
  const yaml = await readFile(`${fleet.dir}/shards.yaml`, 'utf8');
  await fleet.writeConfig(yaml.replace(/rollout: .*/, 'rollout: { lock_wait: 200ms, retries: 0 }'));
  await fleet.writeMigration('2_pages.sql', 'ALTER TABLE books ADD COLUMN pages int');
  await killedAt(fleet, ['up', '--protocol', 'lock-step', '--shard', 'shard1'], 'after commit:shard1#1');
  const reader = await fleet.connect('veneer', 'app');
  await reader.query('BEGIN; SELECT FROM bluth_co.books');
  expect(await run.recover()).toMatchObject({
    exitCode: 22,
    settled: [{ ending: 'in doubt', detail: expect.stringContaining('blue could not follow') }],
  });
  expect(await fleet.green('SELECT pages FROM bluth_co.books')).toEqual([]);
  await reader.end();
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await fleet.writeConfig(yaml);
  expect(await run.up()).toMatchObject({ exitCode: 0 });
});

test('what fails on one of them is rolled back on all', async () => {
  await fleet.green('CREATE TABLE public.in_the_way ()');
  await fleet.writeMigration('veneer/3_way.sql', 'CREATE TABLE in_the_way ()');
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed' }] });
  expect(report.problems).toMatchObject([{ where: { member: 'green', migration: 'veneer/3_way' } }]);
  expect(await fleet.query('veneer', `SELECT to_regclass('public.in_the_way') AS t`)).toEqual([{ t: null }]);
  await fleet.green('DROP TABLE public.in_the_way');
  expect(await run.up()).toMatchObject({ exitCode: 0 });
});

test('with several of them it may not read a foreign table, since PREPARE refuses and lock-step would not undo', async () => {
  await fleet.writeMigration('veneer/4_read.sql', 'CREATE TABLE kept AS SELECT * FROM cyberdyne.books');
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed' }] });
  expect(report.problems[0]?.message).toContain(
    'the migration reads or writes cyberdyne.books, a foreign table',
  );
  expect(await onBoth(`SELECT to_regclass('public.kept') AS t`)).toEqual([[{ t: null }], [{ t: null }]]);
});

test.each(['up', 'down'])(
  'killed between the commits of lock-step (%s): recovery replays it on the other, with its row of the ledger',
  async (command) => {
    await fleet.writeMigration(
      'veneer/4_read.sql',
      `CREATE TABLE counted AS SELECT 1 AS n; UPDATE counted SET n = n + 1 -- twice would be three
       -- Down Migration
       DROP TABLE counted -- gone`,
    );
    const args = [command, ...(command === 'down' ? ['--yes'] : []), '--protocol', 'lock-step'];
    await killedAt(fleet, args, 'after commit:blue#1');
    expect(await run.recover()).toMatchObject({ exitCode: 0 });
    const [blue, green] = await onBoth(LEDGER);
    expect(green).toEqual(blue);
    expect(JSON.stringify(blue).includes('4_read')).toBe(command === 'up');
    const made = [{ t: command === 'up' }];
    expect(await onBoth(`SELECT to_regclass('public.counted') IS NOT NULL AS t`)).toEqual([made, made]);
    if (command === 'up')
      expect(await onBoth('SELECT n FROM public.counted')).toEqual([[{ n: 2 }], [{ n: 2 }]]);
  },
);

test('one that has not got it, like one that is new, catches up alone', async () => {
  await fleet.green(`DELETE FROM pgveneer.ledger WHERE migration = '3_way'`);
  await fleet.green('DROP TABLE public.in_the_way');
  expect(await run.up({ limit: { kind: 'to', name: '3_way' } })).toMatchObject({
    exitCode: 0,
    veneerSteps: [{ migration: '3_way', veneers: ['green'], protocol: 'one server' }],
  });
});

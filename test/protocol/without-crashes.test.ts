import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { killedAt } from '../support/killed-at.js';
import { runCli } from '../support/run-cli.js';
import { untilNone } from '../support/until.js';
import { twoVeneersWithBooks, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  ({ fleet, run } = await twoVeneersWithBooks());
  await fleet.writeMigration('2_title.sql', 'ALTER TABLE books ADD COLUMN title text');
});

afterEach(() => fleet.close());

const without = (name: string): Commands => commandsOn(fleet, {}, [name]);

/** A runner is killed at a point, and nobody settles. */
const upKilledAt = (point: string, args: readonly string[] = []): Promise<void> =>
  killedAt(fleet, ['up', '--shard', 'shard1', ...args], point);

const HAS_TITLE = `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attname = 'title') AS yes`;

/** Has the shard the column, has blue, has green? */
const titles = async (): Promise<unknown[]> =>
  [
    ...(await fleet.query('shard1', HAS_TITLE)),
    ...(await fleet.query('veneer', HAS_TITLE)),
    ...(await fleet.green(HAS_TITLE)),
  ].map(({ yes }) => yes);

const expectWhole = async (): Promise<void> => {
  expect(await run.up()).toMatchObject({ problems: [], settled: [], exitCode: 0 });
  expect(await titles()).toEqual([true, true, true]);
  expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
};

test.each([
  { point: 'before commit prepared:shard1', away: 'green' as const, ends: 'committed' },
  { point: 'before commit prepared:shard1', away: 'blue' as const, ends: 'committed' },
  { point: 'after commit prepared:shard1', away: 'green' as const, ends: 'committed' },
  { point: 'after commit prepared:shard1', away: 'blue' as const, ends: 'committed' },
])('killed $point, $away away: it takes part in what is in doubt, and is not left out', async (cut) => {
  await upKilledAt(cut.point);
  await fleet.away(cut.away);
  for (const command of [
    () => without(cut.away).up(),
    () => without(cut.away).sync(),
    () => without(cut.away).setup(),
  ])
    await expect(command()).rejects.toMatchObject({ facts: { exitCode: 22 } });
  expect(await without(cut.away).recover()).toMatchObject({
    exitCode: 22,
    settled: [{ ending: 'in doubt' }],
  });
  await fleet.away();
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: cut.ends }] });
  await expectWhole();
});

test.each(['blue', 'green'] as const)(
  'in lock-step, killed between the commits, %s away: nothing is passed by',
  async (away) => {
    await upKilledAt('after commit:shard1', ['--protocol', 'lock-step']);
    await fleet.away(away);
    await expect(without(away).up()).rejects.toMatchObject({ facts: { exitCode: 22 } });
    await fleet.away();
    expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
    await expectWhole();
  },
);

test('a step of the veneers alone is in doubt: the one that is left out takes part in it', async () => {
  await fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN isbn text');
  await killedAt(fleet, ['sync'], 'before commit prepared:green');
  for (const name of ['blue', 'green'] as const) {
    await fleet.away(name);
    await expect(without(name).up()).rejects.toMatchObject({ facts: { exitCode: 22 } });
  }
  await fleet.away();
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
});

test('an intent is all there is, and only the veneer that is away knows it: it is passed by, and rolled back later', async () => {
  await upKilledAt('after intent');
  await expect(without('blue').up()).rejects.toMatchObject({
    message: 'blue answers, and holds a part of an earlier step: it cannot be left out',
    facts: { exitCode: 22 },
  });
  await fleet.away('blue');
  expect(await without('blue').up()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.away();
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
  expect(await titles()).toEqual([true, false, true]);
  await run.sync();
  await expectWhole();
});

test.each(['before commit prepared:shard1', 'after commit prepared:shard1', 'after intent'])(
  'a run that goes without the first veneer is killed %s: all settle it by the next one’s journal',
  async (point) => {
    await fleet.away('blue');
    await upKilledAt(point, ['--without', 'blue']);
    await fleet.away();
    const ends = point === 'after intent' ? 'rolled back' : 'committed';
    expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: ends }] });
    expect(await fleet.green('SELECT FROM pgveneer.intent')).toEqual([]);
    await run.sync();
    await run.up();
    await expectWhole();
  },
);

test('its watchdog settles without that veneer, too', async () => {
  await fleet.away('green');
  const env = { PGVENEER_TEST_CRASH_AT: 'after commit prepared:shard1' };
  expect(
    (await runCli(['up', '--shard', 'shard1', '--without', 'green'], { cwd: fleet.dir, env })).signal,
  ).toBe('SIGKILL');
  await untilNone(fleet, 'veneer', 'SELECT FROM pgveneer.intent');
  expect(await titles()).toEqual([true, true, false]);
  await fleet.away();
  await run.sync();
  await run.up();
  await expectWhole();
});

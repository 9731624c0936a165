import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { runCli } from '../support/run-cli.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { twoVeneersWithBooks, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  ({ fleet, run } = await twoVeneersWithBooks());
  await fleet.writeMigration(
    '2_title.sql',
    'ALTER TABLE books ADD COLUMN title text;\n-- Down Migration\nALTER TABLE books DROP COLUMN title',
  );
});

afterEach(() => fleet.close());

const COLUMNS = `SELECT string_agg(attname, ',' ORDER BY attnum) AS columns FROM pg_attribute
  WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0 AND NOT attisdropped`;

/** The columns on the shard, on blue, and on green. */
const columns = async (): Promise<unknown[]> =>
  [
    ...(await fleet.query('shard1', COLUMNS)),
    ...(await fleet.query('veneer', COLUMNS)),
    ...(await fleet.green(COLUMNS)),
  ].map((row) => row.columns);

const green = (overrides = {}): Commands => commandsOn(fleet, overrides, ['green']);
const blue = (overrides = {}): Commands => commandsOn(fleet, overrides, ['blue']);

test('what one veneer refuses moves neither veneer nor shard', async () => {
  await fleet.green('CREATE VIEW public.hangs AS SELECT id FROM bluth_co.books');
  await fleet.writeMigration('2_title.sql', 'ALTER TABLE books DROP COLUMN id, ADD COLUMN title text');
  expect(await run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 20 });
  expect(await columns()).toEqual(['id', 'id', 'id']);
  await fleet.green('DROP VIEW public.hangs');
  expect(await run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
  expect(await columns()).toEqual(['title', 'title', 'title']);
});

test('a veneer that is down: nothing runs, and the hint says what to type', async () => {
  await fleet.away('green');
  for (const command of ['up', 'down', 'setup', 'sync', 'recover']) {
    const { code, stderr } = await runCli([command, ...(command === 'down' ? ['--yes'] : [])], {
      cwd: fleet.dir,
    });
    expect({ code, stderr }).toEqual({
      code: 23,
      stderr: expect.stringContaining(`or go on without it: migrate ${command} --without green`),
    });
  }
  expect(await columns()).toEqual(['id', 'id', 'id']);
});

test('--without goes on; what is stale is told by each run and by status, and is brought in line when it is back', async () => {
  await fleet.away('green');
  const { code, stdout } = await runCli(['up', '--without', 'green'], { cwd: fleet.dir });
  expect(stdout).toContain('green was left out, and shows the fleet as it was');
  expect(code).toBe(0);
  expect(await columns()).toEqual(['id,title', 'id,title', 'id']);
  expect(await green().up()).toMatchObject({ notices: [expect.stringContaining('green was left out')] });
  expect(await green().status()).toMatchObject({
    drift: [],
    exitCode: 0,
    notices: expect.arrayContaining(['green was left out: nothing is known of it']),
  });
  await fleet.away();
  const { drift, exitCode } = await run.status();
  expect(exitCode).toBe(11);
  expect([...new Set(veneerDrift({ drift }).map(({ where }) => where.veneer))]).toEqual(['green']);
  expect(await run.setup()).toMatchObject({ exitCode: 0 });
  expect(await run.sync()).toMatchObject({
    veneers: [
      { veneer: 'blue', state: 'in line' },
      { veneer: 'green', state: 'repaired' },
    ],
  });
  expect(await run.up()).toMatchObject({ problems: [], notices: [], exitCode: 0 });
  expect(await columns()).toEqual(['id,title', 'id,title', 'id,title']);
  expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test('without the first one: its history and its intents are on the next, and are found when it is back', async () => {
  await run.up();
  await fleet.away('blue');
  expect(await blue().down()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual(['id', 'id,title', 'id']);
  expect(
    await fleet.green("SELECT DISTINCT command FROM pgveneer.history WHERE event = 'run began'"),
  ).toEqual([{ command: 'down' }]);
  await fleet.away();
  const listed = await runCli(['history', '--json'], { cwd: fleet.dir });
  const { runs } = JSON.parse(listed.stdout) as { runs: { command: string }[] };
  expect(runs.map(({ command }) => command)).toEqual(['down', 'up', 'up', 'setup']);
  // Blue's history tells of a step up that the ledger has no more: green's, which was written later, is believed.
  const { drift } = await run.status();
  expect(drift.filter(({ kind }) => kind === 'shard behind')).toEqual([]);
  expect(await run.sync()).toMatchObject({ exitCode: 0 });
  expect(await columns()).toEqual(['id', 'id', 'id']);
});

test('a migration for veneers waits for the one that was left out', async () => {
  await fleet.writeMigration('veneer/3_view.sql', 'CREATE VIEW all_books AS SELECT id FROM bluth_co.books');
  await fleet.away('green');
  expect(await green().up()).toMatchObject({ veneerSteps: [{ veneers: ['blue'], state: 'committed' }] });
  await fleet.away();
  expect(await run.sync()).toMatchObject({ exitCode: 0 });
  expect(await run.up()).toMatchObject({ veneerSteps: [{ veneers: ['green'], state: 'committed' }] });
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('tenants are added and dropped without it', async () => {
  await run.up();
  await fleet.away('green');
  const tenant = { names: ['hooli'], shard: 'shard2', dryRun: false };
  expect(await green().tenant({ action: 'add', ...tenant })).toMatchObject({
    exitCode: 0,
    notices: [expect.stringContaining('green was left out')],
  });
  await fleet.away();
  const there = `SELECT to_regclass('hooli.books') IS NOT NULL AS shown, (SELECT count(*)::int FROM pgveneer.tenant WHERE tenant = 'hooli') AS listed`;
  expect(await fleet.query('veneer', there)).toEqual([{ shown: true, listed: 1 }]);
  expect(await fleet.green(there)).toEqual([{ shown: false, listed: 0 }]);
  await run.setup();
  await run.sync();
  expect(await fleet.green(there)).toEqual([{ shown: true, listed: 1 }]);
  await fleet.away('green');
  const drop = { name: 'hooli', shard: null, dryRun: false, yes: true };
  expect(await green().tenant({ action: 'drop', ...drop })).toMatchObject({ exitCode: 0 });
  await fleet.away();
  await run.setup();
  await run.sync({ prune: true });
  expect(await fleet.green(there)).toEqual([{ shown: false, listed: 0 }]);
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a shard that is down stops it: by the shards it is told apart from other runs', async () => {
  await fleet.away('green');
  const config = await fleet.readConfig();
  await fleet.writeConfig(config.replace('${SHARD3_URL}', 'postgres://a:b@localhost:1/x'));
  await expect(green().up({ shards: ['shard1'] })).rejects.toMatchObject({
    facts: { exitCode: 23, where: { member: 'shard3' }, hint: expect.stringContaining('needs every shard') },
  });
});

test.each([
  [['--without', 'gren'], 'no veneer of this fleet is called gren; did you mean green?'],
  [['--without', 'shard1'], 'no veneer of this fleet is called shard1'],
  [['--without', 'blue', '--without', 'green'], 'no veneer would be left'],
  [['--without', 'green', '--plan', 'x.json'], '--plan carries out what was rehearsed on all veneers'],
])('%j is a usage error', async (args, message) => {
  const { code, stderr } = await runCli(['up', ...args], { cwd: fleet.dir });
  expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining(message) });
});

import { afterEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let run: Commands;

/** cyberdyne has rows that the second migration cannot take; its neighbour dunder_mifflin has none. */
const FIRST = 'CREATE TABLE things (id int PRIMARY KEY, weight int);';
const SECOND = 'ALTER TABLE things ALTER COLUMN weight SET NOT NULL;';
const THIRD = 'ALTER TABLE things ADD COLUMN colour text;';

async function start(rollout: string): Promise<void> {
  fleet = await freshFleet({
    config: (name) => bookstoreYaml(name).replace(/rollout: .*/, `rollout: { ${rollout} }`),
  });
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('1_first.sql', FIRST);
  expect(await run.up()).toMatchObject({ exitCode: 0 });
  await fleet.query('shard2', 'INSERT INTO cyberdyne.things (id) VALUES (1)');
  await fleet.writeMigration('2_second.sql', SECOND);
  await fleet.writeMigration('3_third.sql', THIRD);
}

afterEach(() => fleet.close());

const states = (report: Awaited<ReturnType<Commands['up']>>): Record<string, string> =>
  Object.fromEntries(report.shards.map((shard) => [shard.shard, shard.state]));

test('stop: the others finish the step that they are in, and the next up goes on', async () => {
  await start('concurrency: 1');
  const report = await run.up();
  expect(report.exitCode).toBe(21);
  expect(states(report)).toEqual({ shard1: 'done', shard2: 'failed', shard3: 'not started' });
  await fleet.query('shard2', 'UPDATE cyberdyne.things SET weight = 0');
  expect(states(await run.up())).toEqual({ shard1: 'up to date', shard2: 'done', shard3: 'done' });
  expect(await run.status()).toMatchObject({ exitCode: 0 });
});

test('continue: the other shards go all the way', async () => {
  await start('concurrency: 1, on_error: continue');
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate up' });
  expect(states(report)).toEqual({ shard1: 'done', shard2: 'failed', shard3: 'done' });
});

test('skip-tenant: the failing tenant keeps its old definitions, all others move on, and the next up tries again', async () => {
  await start('on_error: skip-tenant');
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 21 });
  expect(report.shards[1]).toMatchObject({
    state: 'failed',
    skipped: [{ tenant: 'cyberdyne', migration: '2_second', problem: { sqlstate: '23502' } }],
  });
  await fleet.query('veneer', 'SELECT colour FROM dunder_mifflin.things', 'app');
  await expect(fleet.query('veneer', 'SELECT colour FROM cyberdyne.things', 'app')).rejects.toMatchObject({
    code: '42703',
  });
  const status = await run.status();
  expect(status.shards[1]?.tenants[0]).toMatchObject({
    tenant: 'cyberdyne',
    pending: ['2_second', '3_third'],
  });
  expect(status.drift).toEqual([]);
  await fleet.query('shard2', 'UPDATE cyberdyne.things SET weight = 0');
  expect(await run.up()).toMatchObject({ exitCode: 0 });
  expect(await run.status()).toMatchObject({ exitCode: 0 });
});

test('every failing tenant is named, and nothing of the search stays', async () => {
  await start('on_error: stop');
  await fleet.query('shard2', 'INSERT INTO dunder_mifflin.things (id) VALUES (1)');
  const report = await run.up({ shards: ['shard2'] });
  expect(report.problems[0]?.where).toMatchObject({
    tenant: 'cyberdyne',
    file: 'migrations/2_second.sql',
    line: 1,
  });
  expect(report.problems[0]?.detail).toContain('it fails in dunder_mifflin too');
  expect(report.exitCode).toBe(20);
  const [row] = await fleet.query(
    'shard2',
    "SELECT count(*)::int AS n FROM pgveneer.ledger WHERE migration <> '1_first'",
  );
  expect(row).toEqual({ n: 0 });
});

test('batch: 1 makes a step of each tenant', async () => {
  await start('batch: 1');
  await fleet.query('shard2', 'UPDATE cyberdyne.things SET weight = 0');
  const report = await run.up();
  expect(report.exitCode).toBe(0);
  expect(report.shards[1]?.steps.map((step) => [step.migration, ...step.tenants])).toEqual([
    ['2_second', 'cyberdyne'],
    ['2_second', 'dunder_mifflin'],
    ['3_third', 'cyberdyne'],
    ['3_third', 'dunder_mifflin'],
  ]);
});

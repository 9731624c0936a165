import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, useBookstore, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { startRun } from '../support/crash-run.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { protocolsOf } from '../support/outcomes.js';

let fleet: TestFleet;
let run: Commands;

const SHARDS = ['shard1', 'shard2', 'shard3'];

beforeAll(async () => {
  fleet = await freshFleet({
    config: (name) => bookstoreYaml(name).replace(/veneers:\n {2}veneer:\n.*\n/, ''),
  });
  run = commandsOn(fleet);
  await useBookstore(fleet);
});

afterAll(() => fleet.close());

const columns = async (shard: string): Promise<unknown[]> =>
  fleet.query(shard, `SELECT table_schema FROM information_schema.columns WHERE column_name = 'pages'`);

test('without veneers a fleet of shards alone is migrated by the same engine', async () => {
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.status()).toMatchObject({ exitCode: 10, drift: [], next: 'migrate up' });
  const report = await run.up();
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(new Set(protocolsOf(report))).toEqual(new Set(['one server']));
  expect(await run.status()).toMatchObject({ exitCode: 0, drift: [], inDoubt: [], next: null });
  expect(await run.sync()).toMatchObject({ exitCode: 0, veneers: [] });
});

test('the first shard keeps the journal, and a crash of a step on all shards is recovered', async () => {
  await fleet.writeConfig(
    bookstoreYaml(fleet.name)
      .replace(/veneers:\n {2}veneer:\n.*\n/, '')
      .replace('rollout: {', 'rollout: { atomic: fleet,'),
  );
  await fleet.writeMigration('20270101000000000_pages.sql', 'ALTER TABLE books ADD COLUMN pages int;');
  const dead = startRun(fleet.dir, { command: 'up', dieAt: 'after commit prepared:shard2#1' });
  expect(await dead.result).toMatchObject({ signal: 'SIGKILL' });
  expect(await fleet.query('shard1', 'SELECT migration FROM pgveneer.intent')).toEqual([
    { migration: '20270101000000000_pages' },
  ]);
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  expect((await Promise.all(SHARDS.map(columns))).map((found) => found.length)).toEqual([1, 2, 1]);
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.status()).toMatchObject({ exitCode: 0, inDoubt: [] });
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRun } from '../support/crash-run.js';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';
import { clean } from '../support/outcomes.js';

const TENANTS = [
  ['north', 'acme'],
  ['north', 'globex'],
  ['south', 'initech'],
] as const;

let fleet: ExampleFleet;

beforeAll(async () => {
  fleet = await exampleFleet('no-veneer');
});

afterAll(() => fleet.close());

/** The columns of every tenant's accounts. */
const columns = (): Promise<unknown[]> =>
  Promise.all(
    TENANTS.map(async ([shard, tenant]) => {
      const sql = `SELECT attname AS name FROM pg_attribute
                    WHERE attrelid = '${tenant}.accounts'::regclass AND attnum > 0 ORDER BY attnum`;
      return (await fleet.query(shard, sql)).map(({ name }) => name);
    }),
  );

const same = (names: readonly string[]): readonly string[][] => TENANTS.map(() => [...names]);

test('its story is told to the end: a canary ahead, a shard rolled back for all its tenants, and whole again', async () => {
  const story = await fleet.tell();
  expect(story).toMatch(/migrate up\n[^$]*no_debts[^$]*\(exit code 21\)/);
  expect(await columns()).toEqual(same(['id', 'owner', 'balance']));
  expect(await fleet.run.status()).toMatchObject(clean);
});

test('with atomic: fleet a migration commits on all shards or on none, also where the run is killed half way', async () => {
  await fleet.rewrite((yaml) => yaml.replace('canary: [south]', 'atomic: fleet'));
  await fleet.write('migrations/20260301090000000_note.sql', 'ALTER TABLE accounts ADD COLUMN note text;');
  const dead = startRun(fleet.dir, { command: 'up', dieAt: 'after commit prepared:north#1' });
  expect(await dead.result).toMatchObject({ signal: 'SIGKILL' });
  expect(await fleet.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  expect(await columns()).toEqual(same(['id', 'owner', 'balance', 'note']));

  await fleet.write(
    'migrations/20260302090000000_unique.sql',
    `ALTER TABLE accounts ADD COLUMN tried int; SELECT 1 / (current_setting('pgveneer.tenant') <> 'initech')::int;`,
  );
  expect(await fleet.run.up()).toMatchObject({ exitCode: 20 });
  expect(await columns()).toEqual(same(['id', 'owner', 'balance', 'note']));
});

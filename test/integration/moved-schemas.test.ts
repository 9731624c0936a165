import { beforeEach, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({
  config: (fleet) =>
    `${bookstoreYaml(fleet)}\nexpose: [{ from: "shared.{table}", as: "{shard}_plans.{table}" }, { from: "{schema}.{table}", as: "{tenant}.{table}" }]\n`,
});

const onShard1 = { shards: ['shard1'] };

const writeForShard = (name: string, sql: string): Promise<void> =>
  s.fleet.writeMigration(`shard/${name}.sql`, sql);

const readIds = (): Promise<unknown> => s.fleet.query('veneer', 'SELECT id FROM shard1_plans.plans', 'app');

const expectNoDrift = async (): Promise<void> =>
  expect(await s.run.status(onShard1)).toMatchObject({ drift: [], problems: [] });

const USABLE = 'GRANT USAGE ON SCHEMA shared TO bookstore_app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO bookstore_app'; // prettier-ignore

beforeEach(async () => {
  await writeForShard(
    '0_shared',
    `CREATE SCHEMA IF NOT EXISTS shared; CREATE TABLE shared.plans (id int); INSERT INTO shared.plans VALUES (1);
     CREATE SCHEMA shared_new; CREATE TABLE shared_new.plans (id int); INSERT INTO shared_new.plans VALUES (2); ${USABLE}`,
  );
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up(onShard1)).toMatchObject({ problems: [], exitCode: 0 });
  expect(await readIds()).toEqual([{ id: 1 }]);
});

test.each([
  ['to another name', 'ALTER SCHEMA shared RENAME TO common', 'shared to common'],
  [
    'to make way for another',
    'ALTER SCHEMA shared RENAME TO old; ALTER SCHEMA shared_new RENAME TO shared',
    'shared to old',
  ],
  [
    'to the name of one that is dropped',
    'DROP SCHEMA shared CASCADE; ALTER SCHEMA shared_new RENAME TO shared',
    'shared_new to shared',
  ],
])('a schema that a rule names is not renamed %s', async (_, sql, renamed) => {
  await writeForShard('1_move', sql);
  expect(await s.run.up(onShard1)).toMatchObject({
    exitCode: 20,
    problems: [{ message: `the migration renames schema ${renamed}, and an expose rule names shared` }],
  });
  expect(await readIds()).toEqual([{ id: 1 }]);
  await expectNoDrift();
});

test('nor does one get a name that a rule has and nothing bears', async () => {
  await writeForShard('1_drop', 'DROP SCHEMA shared CASCADE');
  expect(await s.run.up(onShard1)).toMatchObject({ problems: [], exitCode: 0 });
  await writeForShard('2_move', 'ALTER SCHEMA shared_new RENAME TO shared');
  expect(await s.run.up(onShard1)).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('renames schema shared_new to shared, and') }],
  });
});

test.each([
  [
    'dropped and made anew',
    'DROP SCHEMA shared CASCADE; CREATE SCHEMA shared; CREATE TABLE shared.plans AS SELECT id, 3 AS n FROM shared_new.plans',
  ],
  [
    'emptied into another, and filled from a third',
    'CREATE SCHEMA old; ALTER TABLE shared.plans SET SCHEMA old; ALTER TABLE shared_new.plans SET SCHEMA shared',
  ],
])('what is in a schema that is %s is shown', async (_, sql) => {
  // prettier-ignore
  await writeForShard('1_move', `${sql}; ${USABLE}`);
  expect(await s.run.up(onShard1)).toMatchObject({ problems: [], exitCode: 0 });
  expect(await readIds()).toEqual([{ id: 2 }]);
  // Default privileges went with the schema.
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  await expectNoDrift();
});

test('a schema that no rule names is renamed', async () => {
  await writeForShard('1_move', 'ALTER SCHEMA shared_new RENAME TO newer');
  expect(await s.run.up(onShard1)).toMatchObject({ problems: [], exitCode: 0 });
  await expectNoDrift();
});

import { beforeEach, expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const TENANTS = /(shard3_server[^]*?tenants: )\[initech\]/;
const SHARD = /\n {2}shard3:[^]*?(?=\n\nroles)/;

/** What the fleet has when shard3 joins it: a type that two shards share, which is not what it was at first. */
beforeEach(async () => {
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace(SHARD, ''));
  await s.run.setup();
  await s.fleet.writeMigration(
    'shard/0001_mood.sql',
    `CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('sad', 'ok')`,
  );
  await s.fleet.writeMigration(
    '0002_books.sql',
    `CREATE TABLE books (id int, m shared.mood NOT NULL DEFAULT 'sad')`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  await s.fleet.writeMigration('shard/0003_blue.sql', `ALTER TYPE shared.mood ADD VALUE 'blue' BEFORE 'ok'`);
  await s.fleet.writeMigration('0004_title.sql', 'ALTER TABLE books ADD COLUMN title text');
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

const join = (tenants: string): Promise<void> =>
  s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace(TENANTS, `$1[${tenants}]`));

const addTenants = (names: readonly string[]) =>
  s.run.tenant({ action: 'add', names, shard: 'shard3', dryRun: false });

test('a shard joins without tenants, runs its own migrations, and gets its tenants by tenant add', async () => {
  await join('');
  expect(await s.run.setup()).toMatchObject({ problems: [] });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await addTenants(['initech', 'hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  await s.fleet.query('veneer', 'INSERT INTO hooli.books (id) VALUES (1)', 'app');
  expect(await s.fleet.query('veneer', 'SELECT m::text FROM hooli.books', 'app')).toEqual([{ m: 'sad' }]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  await assertLikeImport(s.fleet);
});

test('a shard that joins with its tenants, and would show a shared type as it once was, is refused with the way in', async () => {
  await join('initech');
  expect(await s.run.setup()).toMatchObject({ problems: [] });
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21, shards: [{}, {}, { state: 'failed' }] });
  expect(report.problems).toEqual([
    expect.objectContaining({
      message: 'type shared.mood is shared with shard1, shard2, which would read it wrongly meanwhile',
      hint: expect.stringContaining(
        'a shard that is new joins without tenants, and gets them by migrate tenant add',
      ),
    }),
  ]);
  // As the hint says: what it has made so far are its own migrations, and an empty schema.
  await s.fleet.query('shard3', 'DROP SCHEMA initech');
  await join('');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await addTenants(['initech'])).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a shard leaves once its tenants are dropped, and nothing of it is left but what the runbook drops by hand', async () => {
  await join('');
  await s.run.setup();
  await s.run.up();
  expect(await addTenants(['initech'])).toMatchObject({ exitCode: 0, problems: [] });
  const drop = { action: 'drop', name: 'initech', shard: null, yes: true, dryRun: false } as const;
  expect(await s.run.tenant(drop)).toMatchObject({ exitCode: 0, problems: [] });
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace(SHARD, ''));
  expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  await s.fleet.query(
    'veneer',
    `DROP USER MAPPING FOR veneer_admin SERVER shard3_server; DROP USER MAPPING FOR veneer_app SERVER shard3_server;
     DROP SERVER shard3_server`,
  );
  await s.fleet.writeMigration('0005_pages.sql', 'ALTER TABLE books ADD COLUMN pages int');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.setup()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

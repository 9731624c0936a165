import { beforeAll, expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({ shared: true });

const BASE = `CREATE TYPE shape AS ENUM ('flat', 'round');
  CREATE TABLE works (id int CONSTRAINT books_pkey PRIMARY KEY, title text NOT NULL DEFAULT 'none', shape shape DEFAULT 'flat')`;

/** Of which the fleet has all, and no new tenant could run the first. */
beforeAll(async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, weight numeric)');
  await s.fleet.writeMigration(
    '0002_works.sql',
    `ALTER TABLE books RENAME TO works; ALTER TABLE works DROP weight;
    ALTER TABLE works ADD title text NOT NULL DEFAULT 'none'; CREATE TYPE shape AS ENUM ('flat', 'round')`,
  );
  await s.fleet.writeMigration(
    '0003_shape.sql',
    `ALTER TABLE works ADD shape shape DEFAULT 'flat';
    -- Down Migration
    ALTER TABLE works DROP shape`,
  );
  await s.fleet.writeMigration(
    '0004_later.sql',
    `CREATE INDEX works_title ON works (title);
    -- Down Migration
    DROP INDEX works_title`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await s.fleet.writeMigration('B__0003_shape.sql', BASE);
});

const ledgerOf = async (tenant: string, shard: string): Promise<unknown[]> =>
  (
    await s.fleet.query(
      shard,
      `SELECT migration FROM pgveneer.ledger WHERE tenant = '${tenant}' ORDER BY migration`,
    )
  ).map(({ migration }) => migration);

const LEDGER = ['0001_change', '0002_works', '0003_shape', '0004_later'];

const expectAlike = async (): Promise<void> => {
  expect(await s.run.status()).toMatchObject({
    drift: [],
    problems: [],
    exitCode: 0,
    siblings: { odd: 0, behind: 0 },
  });
  await assertLikeImport(s.fleet);
};

test('those who have the migrations do not see the base', async () => {
  expect(await s.run.up()).toMatchObject({ exitCode: 0, shards: [{ state: 'up to date' }, {}, {}] });
});

test('a tenant that is added runs the base and what comes after it, and is like its siblings', async () => {
  const add = { action: 'add', names: ['hooli', 'acme'], shard: 'shard2' } as const;
  const planned = await s.run.tenant({ ...add, dryRun: true });
  expect(planned.notices).toEqual(['runs B__0003_shape, 0004_later']);
  expect(await s.run.tenant({ ...add, dryRun: false })).toMatchObject({ exitCode: 0, problems: [] });
  expect(await ledgerOf('hooli', 'shard2')).toEqual(LEDGER);
  await expectAlike();
  await s.fleet.query('veneer', 'INSERT INTO acme.works (id) VALUES (1)', 'app');
  expect(await s.fleet.query('veneer', 'SELECT title, shape FROM acme.works')).toEqual([
    { title: 'none', shape: 'flat' },
  ]);
});

test('so does one that shards.yaml lists, by up, and its siblings catch up by themselves', async () => {
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('[initech]', '[initech, globex]').replace('dunder_mifflin]', 'dunder_mifflin, hooli, acme]')); // prettier-ignore
  expect(await s.run.setup()).toMatchObject({ problems: [] });
  await s.fleet.writeMigration(
    '0005_more.sql',
    'ALTER TABLE works ADD more int;\n-- Down Migration\nALTER TABLE works DROP more',
  );
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.shards[2]?.steps.map(({ migration, tenants }) => [migration, tenants])).toEqual([
    ['B__0003_shape', ['globex']],
    ['0004_later', ['globex']],
    ['0005_more', ['initech', 'globex']],
  ]);
  expect(await ledgerOf('globex', 'shard3')).toEqual([...LEDGER, '0005_more']);
  await expectAlike();
});

test('what was recorded by a base is taken down as if it had run', async () => {
  const down = await s.run.down({ limit: { kind: 'to', name: '0002_works' }, yes: true });
  expect(down).toMatchObject({ exitCode: 0, problems: [] });
  expect(await ledgerOf('globex', 'shard3')).toEqual(LEDGER.slice(0, 2));
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 10 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await expectAlike();
});

test('a base that makes something else is told by status', async () => {
  await s.fleet.writeMigration('B__0003_shape.sql', BASE.replace('title text', 'title varchar(10)'));
  expect(await s.run.tenant({ action: 'add', names: ['umbrella'], shard: 'shard2', dryRun: false })).toMatchObject({ exitCode: 0 }); // prettier-ignore
  expect((await s.run.status()).drift).toMatchObject([{ kind: 'odd tenant', object: 'tenant umbrella' }]);
});

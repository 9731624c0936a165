import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { databaseFleet, type DatabaseFleet } from '../support/database-fleet.js';

let fleet: DatabaseFleet;

beforeEach(async () => {
  fleet = await databaseFleet({ shard1: ['bluth', 'hooli'], shard2: ['cyberdyne'] });
  await fleet.writeMigration(
    '0001_books.sql',
    'CREATE TABLE books (id int PRIMARY KEY, title text);\n-- Down Migration\nDROP TABLE books;',
  );
});

afterEach(() => fleet.close());

const ready = async (): Promise<void> => {
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
};

const namesAndStates = (shards: readonly { readonly shard: string; readonly state: string }[]): string[] =>
  shards.map(({ shard, state }) => `${shard} ${state}`);

test('setup, up, status, sync, down and history of a fleet in which each tenant has a database of its own', async () => {
  const { run } = fleet;
  await ready();
  expect((await run.setup()).members.map(({ member, state }) => [member, state])).toEqual([
    ['shard1/bluth', 'nothing to do'],
    ['shard1/hooli', 'nothing to do'],
    ['shard2/cyberdyne', 'nothing to do'],
    ['veneer', 'nothing to do'],
  ]);
  const whole = { drift: [], inDoubt: [], exitCode: 0 };
  expect(await run.status({ verify: true })).toMatchObject(whole);
  const shown = 'SELECT tenant, shard, server, schema FROM pgveneer.tenants ORDER BY 1';
  expect(await fleet.query('veneer', shown, 'app')).toEqual([
    { tenant: 'bluth', shard: 'shard1', server: 'bluth_server', schema: 'bluth' },
    { tenant: 'cyberdyne', shard: 'shard2', server: 'cyberdyne_server', schema: 'cyberdyne' },
    { tenant: 'hooli', shard: 'shard1', server: 'hooli_server', schema: 'hooli' },
  ]);
  await fleet.query('veneer', 'ALTER FOREIGN TABLE hooli.books DROP COLUMN title');
  expect(await run.status()).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  expect(await run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.status()).toMatchObject(whole);
  const down = await run.down({ tenants: ['hooli'] });
  expect(namesAndStates(down.shards)).toEqual(['shard1/hooli done']);
  expect(await fleet.in('hooli', "SELECT to_regclass('hooli.books') AS books")).toEqual([{ books: null }]);
  expect(await fleet.in('bluth', 'SELECT count(*)::int AS n FROM pgveneer.ledger')).toEqual([{ n: 1 }]);
  expect(namesAndStates((await run.up()).shards)).toEqual([
    'shard1/bluth up to date',
    'shard1/hooli done',
    'shard2/cyberdyne up to date',
  ]);
  expect(await run.status()).toMatchObject(whole);
});

test('--shard takes all databases of a shard, its name and a tenant one of them', async () => {
  await fleet.run.setup();
  const shardsOf = async (selection: object): Promise<string[]> =>
    (await fleet.run.plan(selection)).shards.map(({ shard }) => shard);
  expect(await shardsOf({ shards: ['shard1'] })).toEqual(['shard1/bluth', 'shard1/hooli']);
  expect(await shardsOf({ shards: ['shard1/hooli'] })).toEqual(['shard1/hooli']);
  expect(await shardsOf({ tenants: ['*o*i'] })).toEqual(['shard1/hooli']);
});

test('a canary shard goes first with all of its databases', async () => {
  await fleet.writeConfig(`${await fleet.readConfig()}rollout: { canary: [shard1] }\n`);
  await fleet.run.setup();
  expect(namesAndStates((await fleet.run.up({ canary: true })).shards)).toEqual([
    'shard1/bluth done',
    'shard1/hooli done',
    'shard2/cyberdyne not started',
  ]);
});

test('with --atomic fleet a migration commits in all databases, two of one server among them, or in none', async () => {
  await ready();
  await fleet.in('cyberdyne', 'INSERT INTO cyberdyne.books VALUES (1, NULL)');
  await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ALTER title SET NOT NULL');
  expect(await fleet.run.up({ atomic: 'fleet' })).toMatchObject({ exitCode: 20 });
  expect(await fleet.in('hooli', 'SELECT count(*)::int AS n FROM pgveneer.ledger')).toEqual([{ n: 1 }]);
  await fleet.in('cyberdyne', "UPDATE cyberdyne.books SET title = ''");
  expect(await fleet.run.up({ atomic: 'fleet' })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test.each(['two-phase', 'lock-step'] as const)(
  'a step that fails in one database leaves the others, %s',
  async (protocol) => {
    await ready();
    await fleet.in('hooli', 'INSERT INTO hooli.books VALUES (1, NULL)');
    await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ALTER title SET NOT NULL');
    await fleet.writeConfig(`${await fleet.readConfig()}rollout: { on_error: continue }\n`);
    const report = await fleet.run.up({ protocol });
    expect(report).toMatchObject({ exitCode: 21 });
    expect(namesAndStates(report.shards)).toEqual([
      'shard1/bluth done',
      'shard1/hooli failed',
      'shard2/cyberdyne done',
    ]);
    expect(report.problems[0]).toMatchObject({ where: { tenant: 'hooli' } });
    await fleet.in('hooli', "UPDATE hooli.books SET title = ''");
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  },
);

test('setup says which databases and roles are missing, as SQL for a superuser, and goes on with the others', async () => {
  const config = await fleet.readConfig();
  await fleet.writeConfig(config.replace('[bluth, hooli]', '[bluth, hooli, umbrella]'));
  const name = fleet.nameOf('umbrella');
  expect(
    (await fleet.run.setup()).members.map(({ member, state, forSuperuser }) => [member, state, forSuperuser]),
  ).toEqual([
    ['shard1/bluth', 'done', []],
    ['shard1/hooli', 'done', []],
    ['shard1/umbrella', 'failed', [`CREATE DATABASE "${name}" OWNER "${name}_admin"`]],
    ['shard2/cyberdyne', 'done', []],
    ['veneer', 'done', []],
  ]);
  await fleet.query('shard1', `CREATE DATABASE "${name}"`, 'superuser');
  const { members } = await fleet.run.setup({ dryRun: true });
  expect(members.find(({ member }) => member === 'shard1/umbrella')).toMatchObject({
    state: 'failed',
    forSuperuser: [`CREATE ROLE "${name}_admin"`, `GRANT "${name}_admin" TO "bookstore_admin"`],
  });
  await fleet.query('shard1', `DROP DATABASE "${name}"`, 'superuser');
  await fleet.house('shard1', 'umbrella');
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

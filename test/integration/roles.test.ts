import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { urlWith } from '../../src/sandbox/databases.js';
import { databaseFleet, PASSWORD, type DatabaseFleet } from '../support/database-fleet.js';

let fleet: DatabaseFleet;

beforeEach(async () => {
  fleet = await databaseFleet({ shard1: ['bluth', 'hooli'] });
  await fleet.run.setup();
});

afterEach(() => fleet.close());

const ownersIn = (tenant: string): Promise<Record<string, unknown>[]> =>
  fleet.in(
    tenant,
    `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
      WHERE relnamespace IN ('${tenant}'::regnamespace, 'pgveneer'::regnamespace)`,
  );

test('what a migration makes belongs to the role of its tenant, also after a RESET ROLE of its own', async () => {
  await fleet.writeMigration(
    '0001_books.sql',
    'CREATE TABLE books (id int); RESET ROLE; CREATE TABLE pens (id int)',
  );
  await fleet.writeMigration('0002_login.sql', 'SET SESSION AUTHORIZATION DEFAULT');
  await fleet.writeMigration('0003_ink.sql', 'CREATE TABLE ink (id int)');
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  for (const tenant of ['bluth', 'hooli'])
    expect(await ownersIn(tenant)).toEqual([{ owner: `${fleet.nameOf(tenant)}_admin` }]);
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test('the application comes to each tenant as its own user there, which may see that tenant alone', async () => {
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (who text DEFAULT current_user)');
  await fleet.run.up();
  for (const tenant of ['bluth', 'hooli']) {
    await fleet.in(
      tenant,
      `CREATE VIEW ${tenant}.me AS SELECT session_user::text AS who; GRANT SELECT ON ${tenant}.me TO PUBLIC`,
    );
    await fleet.run.sync();
    expect(await fleet.query('veneer', `SELECT who FROM ${tenant}.me`, 'app')).toEqual([
      { who: `${fleet.nameOf(tenant)}_app` },
    ]);
  }
  const direct = urlWith(fleet.urlOf('shard1'), { database: fleet.nameOf('hooli') });
  const client = new Client({
    connectionString: urlWith(direct, { user: `${fleet.nameOf('bluth')}_app`, password: PASSWORD }),
  });
  await client.connect();
  await expect(client.query('SELECT FROM hooli.books')).rejects.toMatchObject({ code: '42501' });
  await client.end();
});

test('a role that may not be taken on is named, with what gives it', async () => {
  await fleet.query('shard1', `REVOKE "${fleet.nameOf('hooli')}_admin" FROM bookstore_admin`, 'superuser');
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  expect(await fleet.run.up()).toMatchObject({
    exitCode: 23,
    problems: [{ where: { member: 'shard1/hooli' }, hint: expect.stringContaining('GRANT') }],
  });
  expect((await fleet.run.setup({ dryRun: true })).members[1]?.forSuperuser).toEqual([
    `GRANT "${fleet.nameOf('hooli')}_admin" TO "bookstore_admin"`,
  ]);
});

test("a run of a role ends sessions of an older run, whose login's they are", async () => {
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  let reached = (): void => undefined;
  let release = (): void => undefined;
  const there = new Promise<void>((resolve) => (reached = resolve));
  const going = new Promise<void>((resolve) => (release = resolve));
  const { commandsOn } = await import('../support/commands.js');
  const old = commandsOn(fleet, {
    at: async (point) => {
      if (point !== 'after statements:shard1/bluth') return;
      reached();
      await going;
    },
  }).up({ tenants: ['bluth'] });
  await there;
  const [lock] = await fleet.query(
    'veneer',
    `SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'pgv % up %'`,
    'superuser',
  );
  expect(lock?.n).toBeGreaterThan(0);
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  release();
  expect((await old).exitCode).not.toBe(0);
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

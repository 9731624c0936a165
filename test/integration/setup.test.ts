import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { problemOf } from '../../src/errors.js';
import type { SetupReport } from '../../src/report/reports.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const states = ({ members }: SetupReport): unknown =>
  members.map(({ member, state }) => `${member}: ${state}`);

const NOTHING = ['shard1', 'shard2', 'shard3', 'veneer'].map((member) => `${member}: nothing to do`);

/** Everything that setup may make, of one member, except the passwords in hidden user mappings. */
const catalogOf = (member: string): Promise<Record<string, unknown>[]> =>
  s.fleet.query(
    member,
    `SELECT ARRAY(SELECT concat(nspname, nspacl) AS x FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY x) AS schemas,
            ARRAY(SELECT concat(srvname, srvoptions) AS x FROM pg_foreign_server ORDER BY x) AS servers,
            ARRAY(SELECT concat(srvname, usename) AS x FROM pg_user_mappings ORDER BY x) AS mappings,
            ARRAY(SELECT concat(relname, relacl) AS x FROM pg_class
                   WHERE oid > 16384 AND relnamespace <> 'pg_toast'::regnamespace ORDER BY x) AS relations,
            ARRAY(SELECT defaclacl::text AS x FROM pg_default_acl ORDER BY x) AS defaults`,
    'superuser',
  );

const catalogs = async (): Promise<unknown> =>
  Promise.all(['veneer', 'shard1', 'shard2', 'shard3'].map((member) => catalogOf(member)));

const serversOnVeneer = (): Promise<Record<string, unknown>[]> =>
  s.fleet.query('veneer', 'SELECT oid, srvname, srvoptions FROM pg_foreign_server ORDER BY srvname');

test('setup makes servers, mappings, schemas, grants and state; a second run finds nothing to do', async () => {
  const first = await s.run.setup();
  expect(first).toMatchObject({ exitCode: 0, problems: [], next: 'migrate up' });
  expect(states(first)).toEqual(['shard1: done', 'shard2: done', 'shard3: done', 'veneer: done']);
  const made = await catalogs();
  const second = await s.run.setup();
  expect(states(second)).toEqual(NOTHING);
  const hidden =
    /^ALTER USER MAPPING FOR "veneer_app" SERVER "shard\d_server" OPTIONS \(SET "user" 'bookstore_app', SET "password" '\*\*\*'\)$/;
  expect(second.members[3]?.statements).toEqual([1, 2, 3].map(() => expect.stringMatching(hidden)));
  expect(await catalogs()).toEqual(made);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  const dry = await s.run.setup({ dryRun: true });
  expect(second.members[3]).toMatchObject({ rewritten: 3 });
  expect(dry.members).toEqual(second.members);
});

test('a password that a shard refuses is a problem, and the user mapping that works stays', async () => {
  await s.start('CREATE TABLE books (id int)');
  const wrong = bookstoreYaml(s.fleet.name).replace('password: ${APP_PASSWORD_{shard}}', 'password: hush');
  await s.fleet.writeConfig(wrong);
  for (const dryRun of [true, false]) {
    const report = await s.run.setup({ dryRun });
    expect(report).toMatchObject({ exitCode: 20, next: 'migrate setup' });
    expect(report.problems).toMatchObject(
      ['shard1', 'shard2', 'shard3'].map((member) => ({
        message: `${member} refuses the password of bookstore_app (role veneer_app)`,
        sqlstate: '28P01',
        where: { member },
        hint: expect.stringContaining('correct it in .env'),
      })),
    );
    expect(JSON.stringify(report)).not.toContain('hush');
  }
  expect(await s.fleet.query('veneer', 'SELECT id FROM initech.books', 'app')).toEqual([]);
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  expect(await s.run.setup()).toMatchObject({ exitCode: 0, problems: [] });
});

test('where a veneer reaches a shard by another host, a refusal here is no more than a notice', async () => {
  const yaml = bookstoreYaml(s.fleet.name)
    .replace('password: ${APP_PASSWORD_{shard}}', 'password: hush')
    .replace(/host: "?\$\{SHARD2_HOST\}"?/, 'host: pooler.internal');
  expect(yaml).toContain('pooler.internal');
  await s.fleet.writeConfig(yaml);
  const report = await s.run.setup({ dryRun: true });
  expect(report.problems.map(({ where }) => where?.member)).toEqual(['shard1', 'shard3']);
  expect(report.notices).toContainEqual(
    expect.stringMatching(/^shard2: whether role veneer_app can log in as bookstore_app could not be tried/),
  );
});

test('a login that fails for another reason than its password says nothing of the mapping', async () => {
  await s.run.setup();
  await s.fleet.query('shard3', `REVOKE CONNECT ON DATABASE ${s.fleet.database} FROM PUBLIC`, 'superuser');
  const report = await s.run.setup();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.notices).toEqual([
    expect.stringMatching(
      /^shard3: whether role veneer_app can log in as bookstore_app could not be tried from here: permission denied/,
    ),
  ]);
});

test('the dry run says what setup would do, and creates nothing', async () => {
  const before = await catalogs();
  const planned = await s.run.setup({ dryRun: true });
  expect(planned).toMatchObject({ exitCode: 0, next: 'migrate setup' });
  expect(await catalogs()).toEqual(before);
  expect(states(planned)).toEqual([
    'shard1: planned',
    'shard2: planned',
    'shard3: planned',
    'veneer: planned',
  ]);
  const done = await s.run.setup();
  expect(done.members.map(({ statements }) => statements)).toEqual(
    planned.members.map(({ statements }) => statements),
  );
});

test('a moved shard and another password are altered in place', async () => {
  await s.start('CREATE TABLE books (id int)');
  const before = await serversOnVeneer();
  const renamed = bookstoreYaml(s.fleet.name)
    .replace('port: "${SHARD2_PORT}" }', 'port: "${SHARD2_PORT}", dbname: elsewhere, fetch_size: 50 }')
    .replace('host: "${SHARD3_HOST}"', 'host: localhost');
  await s.fleet.writeConfig(renamed);
  const passwords = `SELECT umoptions FROM pg_user_mappings WHERE usename = 'veneer_app' ORDER BY srvname`;
  const right = await s.fleet.query('veneer', passwords, 'superuser');
  for (const shard of ['shard1', 'shard2', 'shard3'])
    await s.fleet.query('veneer', `ALTER USER MAPPING FOR veneer_app SERVER ${shard}_server OPTIONS (SET password 'changed')`); // prettier-ignore
  expect((await s.run.status()).drift.map(({ object, cure }) => [object, cure])).toEqual([
    ['server shard2_server, option dbname', 'migrate setup'],
    ['server shard2_server, option fetch_size', 'migrate setup'],
    ['server shard3_server, option host', 'migrate setup'],
  ]);
  const report = await s.run.setup();
  expect(report.members[3]?.statements.slice(0, 2)).toEqual([
    expect.stringContaining('ALTER USER MAPPING FOR "veneer_app" SERVER "shard1_server"'),
    expect.stringContaining(
      'ALTER SERVER "shard2_server" OPTIONS (SET "dbname" \'elsewhere\', ADD "fetch_size" \'50\')',
    ),
  ]);
  expect(await s.fleet.query('veneer', passwords, 'superuser')).toEqual(right);
  const after = await serversOnVeneer();
  expect(after.map(({ oid }) => oid)).toEqual(before.map(({ oid }) => oid));
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  await s.run.setup();
  expect(await serversOnVeneer()).toEqual(before);
  expect(await s.fleet.query('veneer', 'SELECT id FROM initech.books', 'app')).toEqual([]);
});

test('what is dropped by hand comes back: a server, a mapping, a schema, a grant, a table of ours', async () => {
  await s.run.setup();
  const made = await catalogs();
  await s.fleet.query(
    'veneer',
    'DROP SERVER shard3_server CASCADE; DROP USER MAPPING FOR veneer_app SERVER shard1_server',
  );
  await s.fleet.query(
    'veneer',
    'DROP SCHEMA cyberdyne; DROP TABLE pgveneer.intent; REVOKE USAGE ON SCHEMA initech FROM veneer_app',
  );
  await s.fleet.query(
    'shard1',
    'ALTER DEFAULT PRIVILEGES IN SCHEMA bluth_co REVOKE ALL ON TABLES FROM bookstore_app',
  );
  await s.run.setup();
  expect(await catalogs()).toEqual(made);
  await s.start('CREATE TABLE books (id int)');
});

test('a new tenant gets its schema, grants and row; it is migrated by the next up', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('[initech]', '[initech, hooli]'));
  expect(await s.run.up()).toMatchObject({ exitCode: 20, problems: [{ hint: 'migrate setup' }] });
  await s.run.setup();
  const report = await s.run.up();
  expect(report.shards.map(({ state }) => state)).toEqual(['up to date', 'up to date', 'done']);
  expect(report.shards[2]?.steps).toMatchObject([{ tenants: ['hooli'] }]);
  expect(await s.fleet.query('veneer', 'SELECT id FROM hooli.books', 'app')).toEqual([]);
});

test('veneer_app can ask the veneer itself which tenants there are', async () => {
  await s.run.setup();
  const tenants = 'SELECT tenant, shard, server, schema, state FROM pgveneer.tenants ORDER BY tenant';
  expect(await s.fleet.query('veneer', tenants, 'app')).toEqual([
    { tenant: 'bluth_co', shard: 'shard1', server: 'shard1_server', schema: 'bluth_co', state: 'live' },
    { tenant: 'cyberdyne', shard: 'shard2', server: 'shard2_server', schema: 'cyberdyne', state: 'live' },
    {
      tenant: 'dunder_mifflin',
      shard: 'shard2',
      server: 'shard2_server',
      schema: 'dunder_mifflin',
      state: 'live',
    },
    { tenant: 'initech', shard: 'shard3', server: 'shard3_server', schema: 'initech', state: 'live' },
  ]);
  await expect(s.fleet.query('veneer', 'SELECT FROM pgveneer.intent', 'app')).rejects.toThrow(
    'permission denied',
  );
});

test('no report, event or error of setup holds a password', async () => {
  const secrets = Object.entries(s.fleet.env)
    .filter(([name]) => name.includes('PASSWORD'))
    .map(([, value]) => value);
  const env = await readFile(`${s.fleet.dir}/.env`, 'utf8');
  const texts: string[] = [];
  const remember = async (what: Promise<unknown>): Promise<void> => {
    const error = (thrown: unknown): unknown => [problemOf(thrown), String(thrown)];
    texts.push(JSON.stringify(await what.catch(error)));
  };
  await remember(s.run.setup({ dryRun: true }));
  await remember(s.run.setup());
  await remember(s.run.setup());
  await s.fleet.query(
    'veneer',
    'ALTER USER MAPPING FOR veneer_app SERVER shard1_server OPTIONS (DROP password)',
    'superuser',
  );
  await remember(s.run.setup());
  await s.fleet.query(
    'veneer',
    `ALTER USER MAPPING FOR veneer_admin SERVER shard1_server OPTIONS (SET password 'x')`,
  );
  await remember(s.run.status());
  await remember(s.run.setup());
  expect(secrets.every((secret) => env.includes(secret))).toBe(true);
  for (const text of [...texts, JSON.stringify(s.run.events)]) {
    for (const secret of secrets) expect(text).not.toContain(secret);
  }
});

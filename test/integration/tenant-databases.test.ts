import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { urlWith } from '../../src/sandbox/databases.js';
import { commandsOn } from '../support/commands.js';
import { databaseFleet, PASSWORD, type DatabaseFleet } from '../support/database-fleet.js';
import { expectClean } from '../support/outcomes.js';

let fleet: DatabaseFleet;

beforeEach(async () => {
  fleet = await databaseFleet({ shard1: ['bluth'], shard2: ['cyberdyne'] });
  for (const shard of ['shard1', 'shard2'])
    await fleet.query(shard, 'ALTER ROLE bookstore_admin CREATEDB', 'superuser');
  await fleet.writeMigration(
    '0001_books.sql',
    "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE books (id int PRIMARY KEY, title text, mood mood)",
  );
  await fleet.run.setup();
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

const add = (names: readonly string[], more: { shard?: string; like?: string; dryRun?: boolean } = {}) =>
  fleet.run.tenant({ action: 'add', names, shard: 'shard2', dryRun: false, ...more });

const drop = (name: string, more: { yes?: boolean; dryRun?: boolean } = {}) =>
  fleet.run.tenant({ action: 'drop', name, shard: null, yes: true, dryRun: false, ...more });

/** The databases on shard2 of these tenants, with what their comments say. */
const databases = (...tenants: readonly string[]): Promise<Record<string, unknown>[]> =>
  fleet.query(
    'shard2',
    `SELECT replace(datname, '${fleet.name}_', '') AS tenant, shobj_description(oid, 'pg_database') AS mark
       FROM pg_database WHERE datname IN (${tenants.map((one) => `'${fleet.nameOf(one)}'`).join(', ')}) ORDER BY 1`,
    'superuser',
  );

/** What the veneer has of a tenant: server, mappings, schema, foreign tables and types, row. */
async function shown(tenant: string): Promise<unknown[]> {
  const [row] = await fleet.query(
    'veneer',
    `SELECT (SELECT count(*)::int FROM pg_foreign_server WHERE srvname = '${tenant}_server') AS server,
            (SELECT count(*)::int FROM pg_user_mappings WHERE srvname = '${tenant}_server') AS mappings,
            (SELECT count(*)::int FROM pg_namespace WHERE nspname = '${tenant}') AS schema,
            (SELECT count(*)::int FROM pg_class WHERE relnamespace = to_regnamespace('${tenant}') AND relkind = 'f') AS tables,
            (SELECT count(*)::int FROM pg_type WHERE typnamespace = to_regnamespace('${tenant}') AND typtype = 'e') AS types,
            (SELECT count(*)::int FROM pgveneer.tenants WHERE tenant = '${tenant}') AS listed`,
  );
  return Object.values(row ?? {});
}

const WHOLE = [1, 2, 1, 1, 1, 1];
const NOTHING = [0, 0, 0, 0, 0, 0];

test('tenant add makes the databases of several tenants in one step, shows them on the veneer and lists them', async () => {
  for (const tenant of ['hooli', 'acme']) await fleet.enroll('shard2', tenant);
  const before = await fleet.readConfig();
  expect(await add(['hooli', 'acme'], { dryRun: true })).toMatchObject({
    exitCode: 0,
    problems: [],
    tenants: [{ tenant: 'hooli', shard: 'shard2', state: 'to add' }, { state: 'to add' }],
    notices: [
      `makes database ${fleet.nameOf('hooli')} on shard2, owned by ${fleet.nameOf('hooli')}_admin`,
      expect.stringMatching(/^makes database /),
      'runs 0001_books',
    ],
  });
  expect(await databases('hooli', 'acme')).toEqual([]);
  expect(await add(['hooli', 'acme'])).toMatchObject({
    exitCode: 0,
    problems: [],
    notices: [],
    tenants: [
      { tenant: 'hooli', shard: 'shard2', state: 'added' },
      { tenant: 'acme', state: 'added' },
    ],
  });
  expect(await fleet.readConfig()).toBe(before.replace('[cyberdyne]', '[cyberdyne, hooli, acme]'));
  expect(await databases('hooli', 'acme')).toEqual([
    { tenant: 'acme', mark: null },
    { tenant: 'hooli', mark: null },
  ]);
  expect([await shown('hooli'), await shown('acme')]).toEqual([WHOLE, WHOLE]);
  await fleet.query('veneer', "INSERT INTO hooli.books VALUES (1, 'Emma', 'good')", 'app');
  expect(await fleet.in('hooli', 'SELECT title, mood FROM hooli.books')).toEqual([
    { title: 'Emma', mood: 'good' },
  ]);
  const owners = `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE tablename IN ('books', 'ledger')`;
  expect(await fleet.in('hooli', owners)).toEqual([{ owner: `${fleet.nameOf('hooli')}_admin` }]);
  await expectClean(fleet.run);
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect((await fleet.run.up()).shards.map(({ state }) => state)).toEqual(Array(4).fill('up to date'));
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, tenants: [{ state: 'there already' }] });
});

test("only a tenant's own users get into a database that was made for it", async () => {
  await fleet.enroll('shard2', 'hooli');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  const connect = async (tenant: string): Promise<void> => {
    const user = `${fleet.nameOf(tenant)}_app`;
    const url = urlWith(fleet.urlOf('shard2'), { user, password: PASSWORD, database: fleet.nameOf('hooli') });
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.end();
  };
  await connect('hooli');
  await expect(connect('cyberdyne')).rejects.toMatchObject({ code: '42501' });
});

test('where a migration fails in one of them nothing is made, and no database stays', async () => {
  for (const tenant of ['hooli', 'acme']) await fleet.enroll('shard2', tenant);
  await fleet.writeMigration('0002.sql', "SELECT 1 / (current_setting('pgveneer.tenant') <> 'acme')::int");
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
  const before = await fleet.readConfig();
  expect(await add(['hooli', 'acme'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: 'division by zero', where: { tenant: 'acme' } }],
    notices: [],
    tenants: [{ state: 'failed' }, { state: 'failed' }],
  });
  expect(await databases('hooli', 'acme')).toEqual([]);
  expect([await shown('hooli'), await shown('acme')]).toEqual([NOTHING, NOTHING]);
  expect(await fleet.readConfig()).toBe(before);
  await expectClean(fleet.run);
});

test('a migration that cannot be prepared is refused, since no password is kept for lock-step', async () => {
  await fleet.enroll('shard2', 'hooli');
  await fleet.writeMigration('0002.sql', 'CREATE TEMP TABLE t (id int)');
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [
      { message: 'tenant add makes user mappings with passwords, which cannot be done in lock-step' },
    ],
  });
  expect(await databases('hooli')).toEqual([]);
  await expectClean(fleet.run);
});

test('a database that is there is taken where it is empty, and never dropped; one that holds something is refused', async () => {
  for (const tenant of ['hooli', 'acme', 'umbrella']) await fleet.house('shard2', tenant);
  await fleet.in('acme', 'CREATE TABLE mine (id int)');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  expect(await add(['umbrella', 'acme'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: `database ${fleet.nameOf('acme')} is not empty: it holds 1 objects` }],
    tenants: [{ state: 'not started' }, { state: 'not started' }],
  });
  await fleet.writeMigration(
    '0002.sql',
    "SELECT 1 / (current_setting('pgveneer.tenant') <> 'umbrella')::int",
  );
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
  expect(await add(['umbrella'])).toMatchObject({ exitCode: 20, tenants: [{ state: 'failed' }] });
  expect((await databases('acme', 'umbrella')).map(({ tenant }) => tenant)).toEqual(['acme', 'umbrella']);
  await expectClean(fleet.run);
});

test.each([
  [
    'it bears no mark of this run',
    (name: string) => fleet.query('shard2', `COMMENT ON DATABASE "${name}" IS 'mine'`, 'superuser'),
    false,
  ],
  ['it holds something', () => fleet.in('hooli', 'CREATE TABLE mine (id int)'), true],
] as const)(
  'after a failure a database that was made stays where %s, and the report says so',
  async (why, touch, isMarked) => {
    await fleet.enroll('shard2', 'hooli');
    await fleet.writeMigration('0002.sql', "SELECT 1 / (current_setting('pgveneer.tenant') <> 'hooli')::int");
    expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
    const name = fleet.nameOf('hooli');
    const at = async (point: string): Promise<void> => {
      if (point === 'after mark:shard2/hooli') await touch(name);
    };
    const options = { action: 'add', names: ['hooli'], shard: 'shard2', dryRun: false } as const;
    expect(await commandsOn(fleet, { at }).tenant(options)).toMatchObject({
      exitCode: 20,
      problems: [{ message: 'division by zero' }],
      notices: [
        `database ${name} stays on shard2, since ${why}: the same command takes it where it is empty`,
      ],
    });
    expect(await databases('hooli')).toHaveLength(1);
    const left = isMarked ? [{ kind: 'tenant', object: `database ${name}` }] : [];
    expect((await fleet.run.status()).drift).toMatchObject(left);
  },
);

test('a tenant that is listed no more is told by status and list, also behind setup, and can be dropped', async () => {
  const config = await fleet.readConfig();
  await fleet.writeConfig(config.replace('tenants: [cyberdyne]', 'tenants: []'));
  expect(await fleet.run.setup()).toMatchObject({ exitCode: 0 });
  expect((await fleet.run.status()).drift).toMatchObject([
    { kind: 'tenant', object: 'tenant cyberdyne', where: { veneer: 'veneer', tenant: 'cyberdyne' } },
  ]);
  const { tenants } = await fleet.run.tenant({ action: 'list' });
  expect(tenants.map(({ tenant, shard, state }) => [tenant, shard, state])).toEqual([
    ['bluth', 'shard1', 'live'],
    ['cyberdyne', 'shard2', 'left'],
  ]);
  expect(await drop('cyberdyne')).toMatchObject({ exitCode: 0, problems: [] });
  expect(await shown('cyberdyne')).toEqual(NOTHING);
  await expectClean(fleet.run);
});

test('what a superuser has to make is said as SQL, all of it, before anything is made', async () => {
  const runner = `${fleet.name}_runner`;
  await fleet.query('shard2', `CREATE ROLE "${runner}" LOGIN PASSWORD '${PASSWORD}'`, 'superuser');
  await fleet.query('shard2', `GRANT "${fleet.nameOf('cyberdyne')}_admin" TO "${runner}"`, 'superuser');
  const config = await fleet.readConfig();
  const url = urlWith(fleet.urlOf('shard2'), { user: runner, password: PASSWORD });
  await fleet.writeConfig(config.replace('${SHARD2_URL}', url));
  const name = fleet.nameOf('hooli');
  for (const dryRun of [true, false])
    expect(await add(['hooli'], { dryRun })).toMatchObject({
      exitCode: 20,
      problems: [
        {
          message: 'shard2 lacks what its user may not make itself; nothing was made',
          hint: `have a superuser run there: ALTER ROLE "${runner}" CREATEDB; CREATE ROLE "${name}_admin" LOGIN PASSWORD '…'; GRANT "${name}_admin" TO "${runner}"; CREATE ROLE "${name}_app" LOGIN PASSWORD '…'; then run the same command again`,
        },
      ],
    });
  expect(await databases('hooli')).toEqual([]);
  await fleet.writeConfig(config);
  await fleet.query('shard2', `DROP ROLE "${runner}"`, 'superuser');
});

test('tenant drop takes a tenant from the veneer and drops its database, and the same name can be added again', async () => {
  await fleet.enroll('shard2', 'hooli');
  await add(['hooli']);
  await fleet.in('hooli', "INSERT INTO hooli.books VALUES (1, 'Emma', NULL)");
  await expect(drop('hooli', { yes: false })).rejects.toMatchObject({
    facts: {
      exitCode: 64,
      detail: expect.stringMatching(
        /^shard2\/hooli: database t_\w+_hooli of tenant hooli goes, with 1 tables .*\na copy first: pg_dump --file=hooli\.sql '<url of shard2\/hooli>'$/,
      ),
    },
  });
  expect(await drop('hooli', { dryRun: true })).toMatchObject({
    exitCode: 0,
    tenants: [{ tenant: 'hooli', shard: 'shard2', state: 'to drop' }],
  });
  const before = await fleet.readConfig();
  expect(await drop('hooli')).toMatchObject({
    exitCode: 0,
    problems: [],
    notices: [],
    tenants: [{ tenant: 'hooli', state: 'dropped' }],
  });
  expect(await databases('hooli')).toEqual([]);
  expect(await shown('hooli')).toEqual(NOTHING);
  expect(await fleet.readConfig()).toBe(before.replace(', hooli', ''));
  await expectClean(fleet.run);
  await expect(drop('hooli')).rejects.toThrow('nothing is known of a tenant hooli');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  expect(await fleet.in('hooli', 'SELECT FROM hooli.books')).toEqual([]);
  await expectClean(fleet.run);
});

test('who is connected keeps a database, which no veneer shows any more; the same command then finishes', async () => {
  await fleet.enroll('shard2', 'hooli');
  await add(['hooli']);
  const url = urlWith(fleet.urlOf('shard2', 'superuser'), { database: fleet.nameOf('hooli') });
  const client = new Client({ connectionString: url, application_name: 'a report' });
  await client.connect();
  const report = await drop('hooli');
  expect(report).toMatchObject({
    exitCode: 21,
    tenants: [{ tenant: 'hooli', state: 'not shown' }],
    problems: [
      {
        message: `no veneer shows hooli any more, but its database ${fleet.nameOf('hooli')} is still there: others are connected to it`,
        detail: expect.stringMatching(/pid \d+, user \w+, a report$/),
        hint: expect.stringContaining('migrate tenant drop hooli --shard shard2 --yes'),
      },
    ],
  });
  expect(await shown('hooli')).toEqual(NOTHING);
  expect((await fleet.run.status()).drift).toMatchObject([
    { kind: 'tenant', object: `database ${fleet.nameOf('hooli')}`, where: { shard: 'shard2' } },
  ]);
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: `database ${fleet.nameOf('hooli')} is that of a tenant which was dropped, all but the database itself`,
      },
    ],
  });
  expect((await client.query('SELECT FROM hooli.books')).rows).toEqual([]);
  await client.end();
  expect(await drop('hooli')).toMatchObject({ exitCode: 0, tenants: [{ state: 'dropped' }] });
  expect(await databases('hooli')).toEqual([]);
  await expectClean(fleet.run);
});

test('what somebody else has on the server of a tenant refuses the drop by name, and all stays', async () => {
  await fleet.query('veneer', 'CREATE FOREIGN TABLE public.mine (id int) SERVER cyberdyne_server');
  const before = await fleet.readConfig();
  const report = await drop('cyberdyne');
  expect(report).toMatchObject({ exitCode: 20, tenants: [{ state: 'failed' }] });
  expect(JSON.stringify(report.problems)).toContain('mine');
  expect(await shown('cyberdyne')).toEqual(WHOLE);
  expect(await databases('cyberdyne')).toEqual([{ tenant: 'cyberdyne', mark: null }]);
  expect(await fleet.readConfig()).toBe(before);
  await fleet.query('veneer', 'DROP FOREIGN TABLE public.mine');
  await expectClean(fleet.run);
});

test('tenants that a query lists are made before they are listed, and dropped behind that', async () => {
  await fleet.query(
    'veneer',
    `CREATE TABLE public.customers (name text, shard text);
     INSERT INTO public.customers VALUES ('bluth', 'shard1'), ('cyberdyne', 'shard2')`,
  );
  const config = (await fleet.readConfig()).replaceAll(/\n {4}tenants: .*/g, '');
  await fleet.writeConfig(`${config}\ntenants: { query: "SELECT name, shard FROM public.customers" }\n`);
  await fleet.enroll('shard2', 'hooli');
  await expectClean(fleet.run);
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 0,
    notices: ['tenants.query does not list hooli yet: until it does, no migration reaches what was made'],
  });
  await fleet.query('veneer', "INSERT INTO public.customers VALUES ('hooli', 'shard2')");
  await expectClean(fleet.run);
  await expect(drop('hooli')).rejects.toThrow('tenants.query still answers tenant hooli');
  await fleet.query('veneer', "DELETE FROM public.customers WHERE name = 'hooli'");
  expect(await drop('hooli')).toMatchObject({ exitCode: 0, problems: [] });
  expect(await shown('hooli')).toEqual(NOTHING);
  await expectClean(fleet.run);
});

test('without veneers databases are made and dropped as well, but for the one that keeps the journal', async () => {
  const config = (await fleet.readConfig()).replace(/veneers:\n.*\n/, '').replace(/roles:[^]*/, '');
  await fleet.writeConfig(config);
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  for (const tenant of ['hooli', 'acme']) await fleet.enroll('shard2', tenant);
  expect(await add(['hooli', 'acme'])).toMatchObject({ exitCode: 0, problems: [] });
  expect(await fleet.in('acme', 'SELECT FROM acme.books')).toEqual([]);
  await expectClean(fleet.run);
  expect(await drop('bluth')).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message:
          'without veneers the first database of the fleet keeps its journal, and that is shard1/bluth',
      },
    ],
    tenants: [{ state: 'not started' }],
  });
  expect(await drop('acme')).toMatchObject({ exitCode: 0, problems: [] });
  expect((await databases('acme', 'hooli')).map(({ tenant }) => tenant)).toEqual(['hooli']);
  await expectClean(fleet.run);
});

/** With what only the database has, made by a migration of its own, and used by the tenant's. */
const richer = async (): Promise<void> => {
  await mkdir(`${fleet.dir}/migrations/shard`);
  await fleet.writeMigration(
    'shard/0002_shared.sql',
    `CREATE SCHEMA shared; CREATE FUNCTION shared.one() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  );
  await fleet.writeMigration(
    '0003_more.sql',
    `CREATE TABLE notes (id bigserial PRIMARY KEY, book int DEFAULT shared.one() REFERENCES books, text text);
     CREATE VIEW good AS SELECT id, title FROM books WHERE mood = 'good';
     GRANT SELECT ON good TO PUBLIC;
     INSERT INTO books VALUES (1, 'Emma', 'good')`,
  );
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
};

test('tenants made like another get its shape in databases of their own, after the migrations of the database itself', async () => {
  await richer();
  for (const tenant of ['hooli', 'acme']) await fleet.enroll('shard2', tenant);
  const report = await add(['hooli', 'acme'], { like: 'bluth', dryRun: true });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.notices.slice(2)).toEqual([
    expect.stringMatching(/^copies the shape of bluth: \d+ definitions; records 2 migrations as applied$/),
    expect.stringMatching(/^no rows are copied: of bluth, books hold some/),
    'runs 0002_shared',
  ]);
  expect(await databases('hooli', 'acme')).toEqual([]);
  expect(await add(['hooli', 'acme'], { like: 'bluth' })).toMatchObject({
    exitCode: 0,
    problems: [],
    tenants: [{ state: 'added' }, { state: 'added' }],
  });
  await expectClean(fleet.run);
  expect((await fleet.run.up()).shards.map(({ state }) => state)).toEqual(Array(4).fill('up to date'));
  await fleet.query('veneer', "INSERT INTO hooli.books VALUES (1, 'Ulysses', 'bad')", 'app');
  await fleet.in('hooli', "INSERT INTO hooli.notes (text) VALUES ('long')");
  expect(await fleet.in('hooli', 'SELECT id, book, text FROM hooli.notes')).toEqual([
    { id: '1', book: 1, text: 'long' },
  ]);
  expect(await fleet.in('acme', 'SELECT * FROM acme.books')).toEqual([]);
  const owners = `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'hooli'`;
  expect(await fleet.in('hooli', owners)).toEqual([{ owner: `${fleet.nameOf('hooli')}_admin` }]);
  const grantees = `SELECT DISTINCT grantee::text FROM information_schema.table_privileges WHERE table_name = 'good' ORDER BY 1`;
  expect(await fleet.in('hooli', grantees)).toEqual([
    { grantee: 'PUBLIC' },
    ...['admin', 'app'].map((role) => ({ grantee: `${fleet.nameOf('hooli')}_${role}` })),
  ]);
});

test.each([
  {
    name: 'has more besides its schema than migrations of the database make',
    sql: 'CREATE EXTENSION citext SCHEMA public',
    why: /^tenant hooli cannot be copied: extension citext is missing, which is in the database of cyberdyne$/,
  },
  {
    name: 'has in a schema of the database what its migrations did not put there',
    sql: 'CREATE TABLE public.mine ()',
    why: /^tenant hooli cannot be copied: what is in schema public is missing, which is in the database of cyberdyne$/,
  },
])('a sibling that $name is no model, and no database stays', async ({ sql, why }) => {
  await fleet.enroll('shard2', 'hooli');
  await fleet.in('cyberdyne', sql);
  expect(await add(['hooli'], { like: 'cyberdyne' })).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringMatching(why), where: { tenant: 'hooli' } }],
    tenants: [{ state: 'failed' }],
  });
  expect(await databases('hooli')).toEqual([]);
  expect(await shown('hooli')).toEqual(NOTHING);
});

test('a definition that names a role or the database of the sibling is refused before anything is made', async () => {
  await fleet.enroll('shard2', 'hooli');
  await fleet.in(
    'cyberdyne',
    `SET ROLE ${fleet.nameOf('cyberdyne')}_admin;
     CREATE POLICY own ON cyberdyne.books TO ${fleet.nameOf('cyberdyne')}_app USING (true);
     ALTER TABLE cyberdyne.books ALTER title SET DEFAULT '${fleet.nameOf('cyberdyne')}'`,
  );
  const report = await add(['hooli'], { like: 'cyberdyne' });
  expect(report.exitCode).toBe(20);
  expect(report.problems.map(({ message }) => message)).toEqual([
    'nobody can be made like cyberdyne: default of books.title, with its name in it',
    'nobody can be made like cyberdyne: policy own of books, with its name in it',
  ]);
  expect(await databases('hooli')).toEqual([]);
});

test('a sibling whose database cannot be reached is no model', async () => {
  await fleet.enroll('shard2', 'hooli');
  await fleet.query(
    'shard1',
    `ALTER DATABASE "${fleet.nameOf('bluth')}" ALLOW_CONNECTIONS false`,
    'superuser',
  );
  const unreachable = { exitCode: 23, problems: [{ where: { member: 'shard1/bluth' } }] };
  expect(await add(['hooli'], { like: 'bluth', dryRun: true })).toMatchObject(unreachable);
  expect(await add(['hooli'], { like: 'bluth' })).toMatchObject(unreachable);
  expect(await databases('hooli')).toEqual([]);
  await fleet.query(
    'shard1',
    `ALTER DATABASE "${fleet.nameOf('bluth')}" ALLOW_CONNECTIONS true`,
    'superuser',
  );
});

test('where tenants live in public, what the migrations of the database put there is not copied a second time', async () => {
  const other = await databaseFleet({ shard1: ['bluth'] });
  try {
    await other.writeConfig((await other.readConfig()).replace('tenant: {', 'tenant: { schema: public,'));
    await mkdir(`${other.dir}/migrations/shard`);
    await other.writeMigration(
      'shard/0001_countries.sql',
      `CREATE TABLE countries (code text PRIMARY KEY);
       CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
       CREATE SCHEMA audit; CREATE TABLE audit.log (id int);
       CREATE TRIGGER touched BEFORE INSERT ON audit.log FOR EACH ROW EXECUTE FUNCTION touch()`,
    );
    await other.writeMigration(
      '0002_shops.sql',
      'CREATE TABLE shops (id int PRIMARY KEY, country text REFERENCES countries)',
    );
    await other.run.setup();
    expect(await other.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await other.query('shard1', 'ALTER ROLE bookstore_admin CREATEDB', 'superuser');
    await other.enroll('shard1', 'hooli');
    const like = { action: 'add', names: ['hooli'], shard: 'shard1', like: 'bluth', dryRun: false } as const;
    expect(await other.run.tenant(like)).toMatchObject({ problems: [], tenants: [{ state: 'added' }] });
    expect(await other.run.status()).toMatchObject({ drift: [], problems: [], inDoubt: [], exitCode: 0 });
  } finally {
    await other.close();
  }
});

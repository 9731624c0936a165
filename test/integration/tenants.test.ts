import { mkdir, rmdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { expectClean } from '../support/outcomes.js';

const s = scenario();

const FIRST = `CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE authors (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'nobody', mood mood);
  CREATE TABLE books (id int PRIMARY KEY, author int REFERENCES authors, title text);
  CREATE VIEW titles AS SELECT title FROM books`;

const add = (names: readonly string[], more: { shard?: string | null; dryRun?: boolean } = {}) =>
  s.run.tenant({ action: 'add', names, shard: 'shard2', dryRun: false, ...more });

const drop = (name: string, more: { yes?: boolean; dryRun?: boolean; shard?: string | null } = {}) =>
  s.run.tenant({ action: 'drop', name, shard: null, yes: true, dryRun: false, ...more });

const on = (member: string, sql: string): Promise<Record<string, unknown>[]> => s.fleet.query(member, sql);

/** Where a tenant can be found: schema and ledger on the shard, schema and row on the veneer. */
async function traces(tenant: string, shard = 'shard2'): Promise<unknown> {
  const schemas = `SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = '${tenant}'`;
  const [onShard] = await on(shard, schemas);
  const [onVeneer] = await on('veneer', schemas);
  const [ledger] = await on(
    shard,
    `SELECT count(*)::int AS n FROM pgveneer.ledger WHERE tenant = '${tenant}'`,
  );
  const [row] = await on(
    'veneer',
    `SELECT count(*)::int AS n FROM pgveneer.tenants WHERE tenant = '${tenant}'`,
  );
  return [onShard?.n, ledger?.n, onVeneer?.n, row?.n];
}

test('tenant add makes several tenants whole in one step, and lists them in shards.yaml', async () => {
  await s.start(FIRST);
  await s.migrate('ALTER TABLE books ADD COLUMN isbn text');
  const before = await s.fleet.readConfig();
  const report = await add(['hooli', 'acme']);
  expect(report).toMatchObject({
    exitCode: 0,
    problems: [],
    tenants: [
      { tenant: 'hooli', shard: 'shard2', schema: 'hooli', state: 'added' },
      { tenant: 'acme', state: 'added' },
    ],
  });
  expect(await s.fleet.readConfig()).toBe(
    before.replace('[cyberdyne, dunder_mifflin]', '[cyberdyne, dunder_mifflin, hooli, acme]'),
  );
  await s.fleet.query('veneer', `INSERT INTO acme.books (id, title) VALUES (1, 'it works')`, 'app');
  expect(await on('shard2', 'SELECT title FROM acme.titles')).toEqual([{ title: 'it works' }]);
  expect(await traces('hooli')).toEqual([1, 2, 1, 1]);
  await expectClean(s.run);
  await assertLikeImport(s.fleet);
  expect((await s.run.up()).shards.map(({ state }) => state)).toEqual([
    'up to date',
    'up to date',
    'up to date',
  ]);
  const steps = await on(
    'veneer',
    `SELECT DISTINCT step FROM pgveneer.history WHERE migration = 'tenant add'`,
  );
  expect(steps).toHaveLength(1);
  const ledgers = await on(
    'shard2',
    `SELECT DISTINCT step FROM pgveneer.ledger WHERE tenant IN ('hooli', 'acme')`,
  );
  expect(ledgers).toEqual(steps);
});

test('a tenant in which a migration fails is not made at all, nor are those beside it', async () => {
  await s.start(FIRST);
  await s.write(`SELECT 1 / (current_setting('pgveneer.tenant') <> 'acme')::int`);
  await s.run.up();
  const before = await s.fleet.readConfig();
  const report = await add(['hooli', 'acme']);
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ message: 'division by zero', where: { tenant: 'acme', migration: '0002_change' } }],
    tenants: [{ state: 'failed' }, { state: 'failed' }],
  });
  expect([await traces('hooli'), await traces('acme')]).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  expect(await s.fleet.readConfig()).toBe(before);
  await expectClean(s.run);
});

test('what fails in the middle of all migrations of a tenant is told with its file, line and statement', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY)');
  await s.migrate('CREATE TABLE notes (id int PRIMARY KEY);');
  const name = await s.write(`ALTER TABLE books ADD COLUMN title text;
INSERT INTO books SELECT 1, 'unique' WHERE current_setting('pgveneer.tenant') = 'hooli';
INSERT INTO books SELECT 1, 'taken' WHERE current_setting('pgveneer.tenant') = 'hooli';`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await s.migrate('ALTER TABLE notes ADD COLUMN text text');
  expect(await add(['acme', 'hooli'])).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: expect.stringContaining('duplicate key'),
        where: { member: 'shard2', tenant: 'hooli', migration: name, line: 3 },
        detail: expect.stringContaining("'taken'"),
      },
    ],
  });
  expect([await traces('acme'), await traces('hooli')]).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test('where shards.yaml cannot be written, no tenant is made', async () => {
  await s.start(FIRST);
  const before = await s.fleet.readConfig();
  const inTheWay = `${s.fleet.dir}/shards.yaml.${process.pid}.new`;
  await mkdir(inTheWay);
  await expect(add(['hooli'])).rejects.toMatchObject({
    message: expect.stringContaining('shards.yaml cannot be written: '),
    facts: { exitCode: 20 },
  });
  expect(await traces('hooli')).toEqual([0, 0, 0, 0]);
  expect(await s.fleet.readConfig()).toBe(before);
  await rmdir(inTheWay);
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0 });
});

test('nor dropped; nor where the file changes before it is written, which leaves the servers as they were', async () => {
  await s.start(FIRST);
  const before = await s.fleet.readConfig();
  const was = await traces('cyberdyne');
  const inTheWay = `${s.fleet.dir}/shards.yaml.${process.pid}.new`;
  await mkdir(inTheWay);
  await expect(drop('cyberdyne')).rejects.toMatchObject({
    message: expect.stringContaining('shards.yaml cannot be written: '),
    facts: { exitCode: 20, hint: expect.stringContaining('nothing was done') },
  });
  await rmdir(inTheWay);
  const confirm = async (): Promise<boolean> => {
    await s.fleet.writeConfig(`# edited\n${before}`);
    return true;
  };
  const asked = { action: 'drop', name: 'cyberdyne', shard: null, yes: false, dryRun: false } as const;
  await expect(s.runWith({ confirm }).tenant(asked)).rejects.toMatchObject({
    message: 'shards.yaml could not be written: it was changed meanwhile',
    facts: { exitCode: 20, hint: 'nothing was done: run the same command again' },
  });
  expect(await traces('cyberdyne')).toEqual(was);
  expect(await drop('cyberdyne')).toMatchObject({ exitCode: 0 });
});

test('where somebody has recorded a migration of a new tenant meanwhile, that is what is told', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY)');
  await s.migrate(`SELECT 1 / (current_setting('pgveneer.tenant') <> 'hooli')::int`);
  const other = await s.fleet.connect('shard2');
  const record = async (point: string): Promise<void> => {
    if (point !== 'before begin:shard2') return;
    await other.query(`INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
      VALUES ('tenant', 'hooli', '0002_change', '', 'applied', 'theirs', 'them')`);
  };
  const report = await s
    .runWith({ at: record })
    .tenant({ action: 'add', names: ['hooli'], shard: 'shard2', dryRun: false });
  await other.end();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringMatching(/0002_change .*meanwhile/) }],
  });
});

test('each migration of a new tenant finds a session as new, and tells how long it took', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY)');
  await s.migrate(`SET search_path TO public; SET app.kept = 'something'`);
  await s.migrate(
    `CREATE TABLE seen AS SELECT current_setting('app.kept', true) AS kept, current_user::text AS who, current_schema::text AS schema`,
  );
  expect(await add(['acme', 'hooli'])).toMatchObject({ problems: [], exitCode: 0 });
  for (const tenant of ['acme', 'hooli'])
    expect(await on('shard2', `SELECT coalesce(kept, '') AS kept, who, schema FROM ${tenant}.seen`)).toEqual([
      { kept: '', who: 'bookstore_admin', schema: tenant },
    ]);
  const order = `SELECT string_agg(migration, ' ' ORDER BY duration) AS migrations FROM pgveneer.ledger WHERE tenant = 'acme'`;
  expect(await on('shard2', order)).toEqual([{ migrations: '0001_change 0002_change 0003_change' }]);
});

test('a schema that is empty is taken, one that holds something is refused', async () => {
  await s.start(FIRST);
  await on('shard2', 'CREATE SCHEMA hooli; CREATE SCHEMA acme; CREATE TABLE acme.mine (id int)');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0 });
  expect(await add(['acme'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringMatching(/^schema acme is not empty: it holds \d+ objects$/) }],
  });
  await expectClean(s.run);
});

test('tenant add again is done already, on another shard it is refused, and a dry run changes nothing', async () => {
  await s.start(FIRST);
  expect(await add(['hooli'], { dryRun: true })).toMatchObject({
    exitCode: 0,
    tenants: [{ state: 'to add' }],
    notices: ['runs 0001_change'],
  });
  expect(await traces('hooli')).toEqual([0, 0, 0, 0]);
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0 });
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, tenants: [{ state: 'there already' }] });
  await expect(add(['hooli'], { shard: 'shard1' })).rejects.toThrow(
    'tenant hooli is listed on shard2, not on shard1',
  );
  await expect(add(['x'], { shard: 'shard9' })).rejects.toThrow('no shard of this fleet is called shard9');
  await expect(add(['x'], { shard: null })).rejects.toThrow('on which shard?');
  await expect(add(['pg_x'])).rejects.toThrow('belongs to PostgreSQL');
});

test('what runs without a transaction elsewhere is part of the step for a new tenant', async () => {
  await s.start(FIRST);
  await s.write(`-- no-transaction
    -- an index
    CREATE INDEX CONCURRENTLY books_title ON books (title);
    VACUUM books;
    DROP INDEX CONCURRENTLY books_title;
    CREATE UNIQUE INDEX CONCURRENTLY books_one ON books (title, id)`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  await s.migrate('ALTER TABLE books ADD CONSTRAINT one UNIQUE USING INDEX books_one');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  expect(await traces('hooli')).toEqual([1, 3, 1, 1]);
  await expectClean(s.run);
});

test('a hostile name is a name, in shards.yaml too', async () => {
  await s.start(FIRST);
  const name = `O'Brien "x"; drop table y --`;
  // The last one is a property of every object of JavaScript's.
  expect(await add([name, 'true', 'constructor'])).toMatchObject({ exitCode: 0, problems: [] });
  expect((await s.run.tenant({ action: 'list' })).tenants.map(({ tenant }) => tenant)).toEqual(
    expect.arrayContaining([name, 'true', 'constructor']),
  );
  await expectClean(s.run);
  expect(await drop(name)).toMatchObject({ exitCode: 0, problems: [] });
  await expectClean(s.run);
});

test('tenant drop takes all of a tenant away, and its name out of shards.yaml', async () => {
  await s.start(FIRST);
  await s.migrate(
    `CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
     CREATE TABLE loud (id int, word text DEFAULT shout('a'), CHECK (shout(word) = word));
     CREATE VIEW shouting AS SELECT shout(word) AS word, titles.title FROM loud, titles;
     CREATE MATERIALIZED VIEW heard AS SELECT * FROM shouting;
     CREATE TABLE parts (y int, d date) PARTITION BY RANGE (y);
     CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);
     CREATE DOMAIN small AS int CHECK (value < 10); CREATE TYPE pair AS (a small, b mood);
     CREATE FUNCTION first(loud) RETURNS int LANGUAGE sql AS 'SELECT $1.id';
     CREATE SEQUENCE alone; CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)`,
  );
  const before = await s.fleet.readConfig();
  expect(await drop('dunder_mifflin')).toMatchObject({
    exitCode: 0,
    problems: [],
    notices: [],
    tenants: [{ tenant: 'dunder_mifflin', shard: 'shard2', state: 'dropped' }],
  });
  expect(await traces('dunder_mifflin')).toEqual([0, 0, 0, 0]);
  expect(await s.fleet.readConfig()).toBe(before.replace('cyberdyne, dunder_mifflin', 'cyberdyne'));
  await expectClean(s.run);
  await assertLikeImport(s.fleet);
});

test('without --yes it says what would be lost, and how to keep it', async () => {
  await s.start(FIRST);
  const failure = await drop('cyberdyne', { yes: false }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    facts: {
      exitCode: 64,
      detail: expect.stringMatching(
        /^shard2: schema cyberdyne of tenant cyberdyne goes, with 2 tables \(about 0 rows, .*\) and 2 other objects\na copy first: pg_dump --schema='"cyberdyne"'/,
      ),
    },
  });
  expect(await traces('cyberdyne')).toEqual([1, 1, 1, 1]);
  expect(await drop('cyberdyne', { dryRun: true })).toMatchObject({
    exitCode: 0,
    tenants: [{ state: 'to drop' }],
  });
  await expectClean(s.run);
});

test.each([
  ['veneer', 'CREATE VIEW public.mine AS SELECT title FROM cyberdyne.books', 'mine'],
  ['shard2', 'CREATE VIEW dunder_mifflin.mine AS SELECT title FROM cyberdyne.books', 'mine'],
])(
  'what hangs on a tenant from outside (%s) refuses the drop by name, and all stays',
  async (member, sql, name) => {
    await s.start(FIRST);
    await on(member, sql);
    const before = await s.fleet.readConfig();
    const report = await drop('cyberdyne');
    expect(report).toMatchObject({ exitCode: 20, tenants: [{ state: 'failed' }] });
    expect(JSON.stringify(report.problems)).toContain(name);
    expect(await traces('cyberdyne')).toEqual([1, 1, 1, 1]);
    expect(await s.fleet.readConfig()).toBe(before);
  },
);

test('a tenant that nothing lists any more is found by its ledger, and dropped', async () => {
  await s.start(FIRST);
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace(', dunder_mifflin', ''));
  const { tenants } = await s.run.tenant({ action: 'list' });
  expect(tenants.map(({ tenant, state }) => [tenant, state])).toEqual([
    ['bluth_co', 'live'],
    ['cyberdyne', 'live'],
    ['dunder_mifflin', 'left'],
    ['initech', 'live'],
  ]);
  expect(await drop('dunder_mifflin')).toMatchObject({ exitCode: 0, problems: [] });
  await expectClean(s.run);
  await expect(drop('dunder_mifflin')).rejects.toThrow('nothing is known of a tenant dunder_mifflin');
});

test('tenant list says how far each tenant is', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.run.up({ shards: ['shard1'] });
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('[initech]', '[initech, hooli]'));
  expect(await s.run.tenant({ action: 'list' })).toMatchObject({
    exitCode: 0,
    tenants: [
      { tenant: 'bluth_co', state: 'live', version: '0002_change', pending: 0 },
      { tenant: 'cyberdyne', state: 'pending', version: '0001_change', pending: 1 },
      { tenant: 'dunder_mifflin', state: 'pending' },
      { tenant: 'initech', state: 'pending' },
      { tenant: 'hooli', state: 'not made', version: null, pending: 2 },
    ],
  });
});

test('tenant list tells whose shard is away, and what to type next', async () => {
  await s.start(FIRST);
  const nowhere = 'postgres://nobody@127.0.0.1:1/nowhere';
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('${SHARD3_URL}', nowhere));
  expect(await s.run.tenant({ action: 'list' })).toMatchObject({
    exitCode: 23,
    next: 'migrate status',
    tenants: [
      { state: 'live' },
      { state: 'live' },
      { state: 'live' },
      { tenant: 'initech', state: 'unreachable' },
    ],
  });
});

test.each(['', 'pg_foo', 'pgveneer', 'x'.repeat(64)])(
  'a name that no tenant can have is told as what was typed, not as a fault of shards.yaml: %j',
  async (name) => {
    await s.start(FIRST);
    await expect(add([name])).rejects.toMatchObject({
      message: expect.stringContaining(`${JSON.stringify(name)} cannot be a tenant: `),
      facts: { exitCode: 64 },
    });
  },
);

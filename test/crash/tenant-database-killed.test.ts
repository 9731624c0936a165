import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recover } from '../../src/commands/repair/recover.js';
import { databaseFleet, type DatabaseFleet } from '../support/database-fleet.js';
import { runCli } from '../support/run-cli.js';
import { killedAt } from '../support/killed-at.js';
import { untilTrue } from '../support/until.js';

let fleet: DatabaseFleet;

beforeAll(async () => {
  fleet = await databaseFleet({ shard1: ['bluth'], shard2: ['cyberdyne'] });
  await fleet.query('shard2', 'ALTER ROLE bookstore_admin CREATEDB', 'superuser');
  await fleet.enroll('shard2', 'hooli');
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int); INSERT INTO books VALUES (1)');
  await fleet.run.setup();
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
});

afterAll(() => fleet.close());

/** Is the database there, and its mark; server, mappings, tables and row on the veneer. */
async function readTenant(): Promise<unknown[]> {
  const [database] = await fleet.query(
    'shard2',
    `SELECT split_part(shobj_description(oid, 'pg_database'), ':', 2) AS mark
       FROM pg_database WHERE datname = '${fleet.nameOf('hooli')}'`,
  );
  const [veneer] = await fleet.query(
    'veneer',
    `SELECT (SELECT count(*)::int FROM pg_foreign_server WHERE srvname = 'hooli_server') AS server,
            (SELECT count(*)::int FROM pg_user_mappings WHERE srvname = 'hooli_server') AS mappings,
            (SELECT count(*)::int FROM pg_foreign_table WHERE 'schema_name=hooli' = ANY (ftoptions)) AS tables,
            (SELECT count(*)::int FROM pgveneer.tenants WHERE tenant = 'hooli') AS listed`,
  );
  const mark = database === undefined ? 'no database' : (database.mark ?? null);
  return [mark, ...Object.values(veneer ?? {})];
}

const THERE = [null, 1, 2, 1, 1];
const GONE = ['no database', 0, 0, 0, 0];
const MADE = [' made, and not in use yet', 0, 0, 0, 0];
const HIDDEN = [' dropped, but for the database itself', 0, 0, 0, 0];

/** What is left of steps on the server and on the veneer. */
async function traces(): Promise<unknown[]> {
  const prepared = `SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'pgv:${fleet.name}:%'`;
  return [
    ...(await fleet.query('shard2', prepared)),
    ...(await fleet.query('veneer', `${prepared} UNION ALL SELECT step FROM pgveneer.intent`)),
  ];
}

const isWhole = async (): Promise<void> => {
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
  expect(await traces()).toEqual([]);
};

const kill = (args: readonly string[], point: string): Promise<void> => killedAt(fleet, args, `${point}#1`);

const ADD = ['tenant', 'add', 'hooli', '--shard', 'shard2'];
const DROP = ['tenant', 'drop', 'hooli', '--yes'];

const add = () => fleet.run.tenant({ action: 'add', names: ['hooli'], shard: 'shard2', dryRun: false });
const drop = () => fleet.run.tenant({ action: 'drop', name: 'hooli', shard: null, yes: true, dryRun: false });

test.each([
  ['after create database:shard2/hooli', [null, 0, 0, 0, 0]],
  ['after mark:shard2/hooli', MADE],
  ['after statements:shard2/hooli', MADE],
  ['after intent', MADE],
  ['before commit prepared:shard2/hooli', THERE],
  ['after commit prepared:shard2/hooli', THERE],
  ['before close', THERE],
  ['before listing', THERE],
])(
  'tenant add cut %s: recover, which nobody told of the tenant, makes it all or nothing; typed again it is whole',
  async (point, recovered) => {
    await kill(ADD, point);
    expect(await fleet.run.recover()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await traces()).toEqual([]);
    expect(await readTenant()).toEqual(recovered);
    const { drift } = await fleet.run.status();
    if (recovered === MADE) expect(drift).toMatchObject([{ object: `database ${fleet.nameOf('hooli')}` }]);
    if (recovered === THERE) expect(drift).toMatchObject([{ object: 'tenant hooli' }]);
    expect(await fleet.readConfig()).not.toContain('hooli');
    expect(await add()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await readTenant()).toEqual(THERE);
    expect(await fleet.readConfig()).toContain('[cyberdyne, hooli]');
    await isWhole();
    expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  },
);

test.each([
  ['after unlisting', THERE],
  ['after statements:shard2/hooli', THERE],
  ['after intent', THERE],
  ['before commit prepared:shard2/hooli', HIDDEN],
  ['before close', HIDDEN],
  ['before drop database:shard2/hooli', HIDDEN],
])(
  'tenant drop cut %s: recovery makes its step all or nothing, and typed again the database is gone',
  async (point, recovered) => {
    expect(await add()).toMatchObject({ exitCode: 0, problems: [] });
    await kill(DROP, point);
    expect(await fleet.run.recover()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await traces()).toEqual([]);
    expect(await readTenant()).toEqual(recovered);
    expect((await fleet.run.status()).drift).toMatchObject(
      recovered === HIDDEN
        ? [{ object: `database ${fleet.nameOf('hooli')}`, cure: 'the same migrate tenant drop again' }]
        : [{ object: 'tenant hooli' }],
    );
    expect(await fleet.readConfig()).not.toContain('hooli');
    expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await readTenant()).toEqual(GONE);
    await isWhole();
  },
);

test('typed again at once, the command settles what it left itself', async () => {
  await kill(ADD, 'before commit prepared:shard2/hooli');
  expect(await add()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await readTenant()).toEqual(THERE);
  await isWhole();
  await kill(DROP, 'before commit prepared:shard2/hooli');
  expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await readTenant()).toEqual(GONE);
  await isWhole();
});

test('a watchdog settles a tenant that is listed nowhere, too', async () => {
  const env = { PGVENEER_TEST_CRASH_AT: 'before commit prepared:shard2/hooli' };
  expect((await runCli(ADD, { cwd: fleet.dir, env })).signal).toBe('SIGKILL');
  await untilTrue(async () => (await traces()).length === 0);
  expect(await readTenant()).toEqual(THERE);
  expect((await fleet.run.status()).drift).toMatchObject([{ object: 'tenant hooli' }]);
  expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  await isWhole();
});

test('recover --watch finds a tenant that came up after it began', async () => {
  const before = await fleet.run.config();
  await kill(ADD, 'before commit prepared:shard2/hooli');
  const stop = new AbortController();
  const options = { dryRun: false, watch: true, forget: [] };
  const watching = recover(
    before,
    options,
    { onProgress: () => undefined, signal: stop.signal, who: 'test@localhost', at: async () => undefined },
    () => fleet.run.config(),
  );
  await untilTrue(async () => (await traces()).length === 0);
  stop.abort();
  expect(await watching).toMatchObject({ settled: [{ ending: 'committed' }], problems: [] });
  expect(await readTenant()).toEqual(THERE);
  expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  await isWhole();
});

test('a database that a killed run made is taken back by the one that then fails', async () => {
  await kill(ADD, 'after mark:shard2/hooli');
  await fleet.writeMigration('2.sql', "SELECT 1 / (current_setting('pgveneer.tenant') <> 'hooli')::int");
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
  expect(await add()).toMatchObject({ exitCode: 20, notices: [] });
  expect(await readTenant()).toEqual(GONE);
  await isWhole();
});

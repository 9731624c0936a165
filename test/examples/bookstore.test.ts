import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { explain, foreignScans } from '../../examples/frame/foreign-scans.js';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';

const APP = { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' } as const;
const ADMIN = { user: 'veneer_admin', password: 'VENEER_ADMIN_PASSWORD' } as const;
const SHARDS = ['shard1', 'shard2', 'shard3'];

let fleet: ExampleFleet;
let app: Client;

beforeAll(async () => {
  fleet = await exampleFleet('bookstore');
});

afterAll(() => fleet.close());

test('its story is told to the end', async () => {
  const story = await fleet.tell();
  expect(story.match(/^\$ migrate .*$/gm)).toHaveLength(10);
  app = await fleet.connect('veneer', APP);
});

test('one connection answers a query for every tenant', async () => {
  for (const tenant of ['bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech']) {
    const { rows } = await app.query(`SELECT count(*)::int AS n FROM ${tenant}.books`);
    expect({ tenant, rows }).toEqual({ tenant, rows: [{ n: 12 }] });
  }
});

const joined = (one: string, other: string, on: string): string =>
  `SELECT a.id FROM ${one} a JOIN ${other} b ON ${on} WHERE a.name < 'B'`;

/** What each shard was asked to select while a query ran. */
async function asked(sql: string): Promise<Record<string, readonly string[]>> {
  const logs = await Promise.all(SHARDS.map((shard) => fleet.logged(shard)));
  await app.query(sql);
  const texts = await Promise.all(logs.map((read) => read()));
  const selects = (text: string): string[] => text.match(/ CURSOR FOR\s+SELECT .*/g) ?? [];
  return Object.fromEntries(SHARDS.map((shard, index) => [shard, selects(texts[index] ?? '')]));
}

const scans = async (sql: string, as: typeof APP | typeof ADMIN = APP): Promise<readonly string[]> =>
  foreignScans(await fleet.query('veneer', explain(sql), as));

test.each([
  ['within one tenant', joined('cyberdyne.books', 'cyberdyne.authors', 'b.id = a.author_id')],
  ['of two tenants on one shard', joined('cyberdyne.books', 'dunder_mifflin.books', 'b.name = a.name')],
])(
  'a join %s is pushed down: only the join reaches that shard, and nothing the others',
  async (_what, sql) => {
    for (const role of [APP, ADMIN])
      expect(await scans(sql, role)).toEqual([expect.stringMatching(/^\(\S+ a\) INNER JOIN \(\S+ b\)$/)]);
    expect(await asked(sql)).toEqual({
      shard1: [],
      shard2: [expect.stringMatching(/INNER JOIN/)],
      shard3: [],
    });
  },
);

test('a join across shards is made on the veneer', async () => {
  const sql = joined('bluth_co.books', 'initech.books', 'b.name = a.name');
  for (const role of [APP, ADMIN])
    expect((await scans(sql, role)).toSorted()).toEqual(['bluth_co.books a', 'initech.books b']);
  const { rows } = await app.query(sql);
  expect(rows).toHaveLength(1);
  expect(await asked(sql)).toEqual({
    shard1: [expect.not.stringContaining('JOIN')],
    shard2: [],
    shard3: [expect.not.stringContaining('JOIN')],
  });
});

test('each role of the veneer is, on each shard, a user of its own with a password of its own', async () => {
  const mappings = `SELECT srvname AS server, usename AS role, umoptions AS options FROM pg_user_mappings ORDER BY 1, 2`;
  const env = fleet.variables;
  expect(await fleet.query('veneer', mappings, 'superuser')).toEqual(
    SHARDS.flatMap((shard) =>
      (['admin', 'app'] as const).map((role) => ({
        server: `${shard}_server`,
        role: `veneer_${role}`,
        options: [
          `user=bookstore_${role}`,
          `password=${env[`${role.toUpperCase()}_PASSWORD_${shard.toUpperCase()}`]}`,
        ],
      })),
    ),
  );
  const clients = await Promise.all([ADMIN, APP].map((role) => fleet.connect('veneer', role)));
  for (const [tenant, shard] of [
    ['bluth_co', 'shard1'],
    ['cyberdyne', 'shard2'],
    ['initech', 'shard3'],
  ] as const) {
    for (const client of clients) await client.query(`SELECT FROM ${tenant}.books`);
    // postgres_fdw keeps a session's connections: here they are, with who they are.
    const users = `SELECT DISTINCT usename AS name FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'postgres_fdw' ORDER BY 1`;
    expect(await fleet.query(shard, users, 'superuser')).toEqual([
      { name: 'bookstore_admin' },
      { name: 'bookstore_app' },
    ]);
  }
});

test('a transaction over two shards that dies by statement_timeout is rolled back on both', async () => {
  const logs = await Promise.all(SHARDS.map((shard) => fleet.logged(shard)));
  await app.query('BEGIN');
  await app.query('UPDATE bluth_co.books SET publish_date = NULL');
  await app.query('UPDATE initech.books SET publish_date = NULL');
  await app.query("SET LOCAL statement_timeout = '50ms'");
  await expect(app.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  await app.query('ROLLBACK');
  const ends = (await Promise.all(logs.map((read) => read()))).map(
    (text) => text.match(/(ABORT|COMMIT) TRANSACTION/g) ?? [],
  );
  expect(ends).toEqual([['ABORT TRANSACTION'], [], ['ABORT TRANSACTION']]);
  for (const tenant of ['bluth_co', 'initech']) {
    const { rows } = await app.query(
      `SELECT count(*)::int AS n FROM ${tenant}.books WHERE publish_date IS NULL`,
    );
    expect(rows).toEqual([{ n: 0 }]);
  }
});

test('a role per tenant sees its own schema only, and goes on to see what migrations add', async () => {
  const password = fleet.variables[APP.password];
  await fleet.query('veneer', `CREATE ROLE cyberdyne_app LOGIN PASSWORD '${password}'`, 'superuser');
  const role = '  cyberdyne_app: { user: bookstore_app, password: "${APP_PASSWORD_{shard}}" }';
  await fleet.rewrite((yaml) => yaml.replace(/^roles:.*$/m, (line) => `${line}\n${role}`));
  await fleet.write(
    'migrations/veneer/20270201090000000_cyberdyne-app.sql',
    `GRANT USAGE ON SCHEMA cyberdyne TO cyberdyne_app;
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cyberdyne TO cyberdyne_app;
     ALTER DEFAULT PRIVILEGES IN SCHEMA cyberdyne GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cyberdyne_app;`,
  );
  await fleet.write('migrations/20270202090000000_shelves.sql', 'CREATE TABLE shelves (id int PRIMARY KEY);');
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0 });

  const own = await fleet.connect('veneer', { ...APP, user: 'cyberdyne_app' });
  await own.query('INSERT INTO cyberdyne.shelves VALUES (1)');
  const { rows } = await own.query('SELECT (SELECT count(*)::int FROM cyberdyne.books) AS books');
  expect(rows).toEqual([{ books: 12 }]);
  for (const other of ['bluth_co', 'dunder_mifflin', 'initech']) {
    await expect(own.query(`SELECT FROM ${other}.books`)).rejects.toMatchObject({ code: '42501' });
  }
});

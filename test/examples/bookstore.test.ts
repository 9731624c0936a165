import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';

const APP = { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' } as const;
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

const scans = async (sql: string): Promise<number> => {
  const { rows } = await app.query<Record<string, string>>(`EXPLAIN (VERBOSE, COSTS OFF) ${sql}`);
  return rows.filter((row) => row['QUERY PLAN']?.includes('Foreign Scan')).length;
};

test.each([
  ['within one tenant', joined('cyberdyne.books', 'cyberdyne.authors', 'b.id = a.author_id')],
  ['of two tenants on one shard', joined('cyberdyne.books', 'dunder_mifflin.books', 'b.name = a.name')],
])(
  'a join %s is pushed down: only the join reaches that shard, and nothing the others',
  async (_what, sql) => {
    expect(await scans(sql)).toBe(1);
    expect(await asked(sql)).toEqual({
      shard1: [],
      shard2: [expect.stringMatching(/INNER JOIN/)],
      shard3: [],
    });
  },
);

test('a join across shards is made on the veneer', async () => {
  const sql = joined('bluth_co.books', 'initech.books', 'b.name = a.name');
  expect(await scans(sql)).toBe(2);
  const { rows } = await app.query(sql);
  expect(rows).toHaveLength(1);
  expect(await asked(sql)).toEqual({
    shard1: [expect.not.stringContaining('JOIN')],
    shard2: [],
    shard3: [expect.not.stringContaining('JOIN')],
  });
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

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { explain, foreignScans } from '../../examples/frame/foreign-scans.js';
import { urlWith } from '../../src/sandbox/databases.js';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';

const ROLES = [
  { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' },
  { user: 'veneer_admin', password: 'VENEER_ADMIN_PASSWORD' },
];

let fleet: ExampleFleet;

beforeAll(async () => {
  fleet = await exampleFleet('database-per-tenant');
});

afterAll(() => fleet.close());

/** One statement in a tenant's database on server1, as one of the two roles of a tenant. */
async function as(who: string, database: string, sql: string): Promise<Record<string, unknown>[]> {
  const [tenant = '', role = ''] = who.split(/_(?=admin|app)/);
  const password = fleet.variables[`${role.toUpperCase()}_PASSWORD_${tenant.toUpperCase()}`] ?? '';
  const url = urlWith(fleet.to('server1').url, { database, user: who, password });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('its story is told to the end', async () => {
  const story = await fleet.tell();
  expect(story).toContain('hooli_server');
  expect(await fleet.run.status({ verify: true })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test('servers of the veneer are databases, and users are those of tenants', async () => {
  const mappings = `SELECT srvname AS server, usename AS role, umoptions[1] AS remote FROM pg_user_mappings ORDER BY 1, 2`;
  expect(await fleet.query('veneer', mappings, 'superuser')).toEqual(
    ['bluth_co', 'cyberdyne', 'hooli', 'initech'].flatMap((tenant) =>
      ['admin', 'app'].map((role) => ({
        server: `${tenant}_server`,
        role: `veneer_${role}`,
        remote: `user=${tenant}_${role}`,
      })),
    ),
  );
});

const booksBy = (one: string, other: string): string =>
  `SELECT b.title FROM ${one}.books b JOIN ${other}.authors a ON a.id = b.author_id WHERE a.last_name = 'Austen'`;

test.each(['bluth_co', 'hooli', 'cyberdyne', 'initech'])(
  'two tables of %s are joined in its database, for each role',
  async (tenant) => {
    for (const role of ROLES) {
      const sql = booksBy(tenant, tenant);
      const relations = `(${tenant}.books b) INNER JOIN (${tenant}.authors a)`;
      expect(foreignScans(await fleet.query('veneer', explain(sql), role))).toEqual([relations]);
      expect(await fleet.query('veneer', sql, role)).toEqual([{ title: 'Emma' }]);
    }
  },
);

test.each([
  ['on one server', 'bluth_co', 'hooli'],
  ['on two servers', 'bluth_co', 'initech'],
])('tables of two tenants %s are joined on the veneer, for each role', async (_where, one, other) => {
  for (const role of ROLES) {
    const plan = await fleet.query('veneer', explain(booksBy(one, other)), role);
    expect(foreignScans(plan).toSorted()).toEqual([`${one}.books b`, `${other}.authors a`].toSorted());
  }
});

test("what migrations made belongs to the tenant's admin, who runs nothing itself", async () => {
  const owners = "SELECT tableowner FROM pg_tables WHERE tablename IN ('books', 'ledger')";
  expect(await as('hooli_admin', 'hooli', owners)).toEqual([
    { tableowner: 'hooli_admin' },
    { tableowner: 'hooli_admin' },
  ]);
});

test("an application's user gets into the database of its own tenant alone", async () => {
  expect(await as('hooli_app', 'hooli', 'SELECT title FROM hooli.books')).toEqual([{ title: 'Emma' }]);
  await expect(as('hooli_app', 'bluth_co', 'SELECT')).rejects.toMatchObject({ code: '42501' });
});

test('a later tenant needs its roles and their passwords; tenant add makes the rest, and tenant drop takes it away', async () => {
  for (const role of ['admin', 'app'])
    await fleet.query('server2', `CREATE ROLE acme_${role} LOGIN PASSWORD 'of-acme'`, 'superuser');
  await fleet.query('server2', 'GRANT acme_admin TO migrator', 'superuser');
  const variables = 'ADMIN_PASSWORD_ACME=of-acme\nAPP_PASSWORD_ACME=of-acme\n';
  await fleet.write('.env', `${await readFile(path.join(fleet.dir, '.env'), 'utf8')}${variables}`);
  const options = { action: 'add', names: ['acme'], shard: 'server2', dryRun: false } as const;
  expect(await fleet.run.tenant(options)).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.query('veneer', "INSERT INTO acme.authors (last_name) VALUES ('Austen')");
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  const dropping = { action: 'drop', name: 'acme', shard: null, yes: true, dryRun: false } as const;
  expect(await fleet.run.tenant(dropping)).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

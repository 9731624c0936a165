import { beforeEach, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const QUERY = 'SELECT name, shard FROM customers WHERE live';

/** The bookstore, whose tenants stand in a table of the veneer. */
const asked = (name: string, query = QUERY, more = ''): string =>
  bookstoreYaml(name)
    .replaceAll(/\n {4}tenants: .*/g, '')
    .replace('\nroles:', `\ntenants: { query: "${query}"${more} }\n\nroles:`);

const s = scenario({ config: asked });

const onVeneer = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql);

const listed = async (): Promise<unknown> =>
  (await onVeneer('SELECT tenant, shard FROM pgveneer.tenants ORDER BY tenant')).map(({ tenant, shard }) => [
    tenant,
    shard,
  ]);

beforeEach(async () => {
  await onVeneer(
    `CREATE TABLE public.customers (name text, shard text, live boolean);
     INSERT INTO public.customers VALUES ('hooli', 'shard2', true), ('acme', 'shard1', true), ('gone', 'shard3', false)`,
  );
});

test('tenants are those that the query answers when a command begins', async () => {
  await s.start('CREATE TABLE books (id int)');
  expect(
    await onVeneer(
      'SELECT (SELECT count(*)::int FROM acme.books) + (SELECT count(*)::int FROM hooli.books) AS n',
    ),
  ).toEqual([{ n: 0 }]);
  await onVeneer(`INSERT INTO public.customers VALUES ('initech', 'shard3', true)`);
  expect(await s.run.status()).toMatchObject({
    exitCode: 11,
    drift: [
      { kind: 'missing schema' },
      { kind: 'tenant', object: 'pgveneer.tenants', cure: 'migrate setup' },
    ].slice(1),
    next: 'migrate setup',
  });
  await s.run.setup();
  expect((await s.run.up()).shards.map(({ state }) => state)).toEqual(['up to date', 'up to date', 'done']);
  expect(await listed()).toEqual([
    ['acme', 'shard1'],
    ['hooli', 'shard2'],
    ['initech', 'shard3'],
  ]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a tenant that is gone from the query is reported, and nothing of it is dropped', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('shard2', 'INSERT INTO hooli.books VALUES (7)');
  await onVeneer(`UPDATE public.customers SET live = false WHERE name = 'hooli'`);
  await s.run.setup();
  await s.run.up();
  await s.run.sync({ prune: true });
  expect(await onVeneer('SELECT id FROM hooli.books')).toEqual([{ id: 7 }]);
  const { drift, exitCode } = await s.run.status();
  expect(exitCode).toBe(11);
  expect(drift.map(({ object, text, cure }) => [object, text, cure])).toEqual([
    [
      'tenant hooli',
      'the ledger of shard2 has 1 of its migrations, and tenants.query does not list it',
      'list it again, or drop it: migrate tenant drop',
    ],
    [
      'hooli.books',
      'it shows hooli.books of the shard, a schema of no tenant that is listed',
      'list its tenant again, or drop it: migrate tenant drop; if it is dropped, migrate sync --prune',
    ],
  ]);
  await onVeneer(`UPDATE public.customers SET live = true WHERE name = 'hooli'`);
  await s.run.setup();
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a control database that is down ends a command with 23, and recover works without it', async () => {
  await s.start('CREATE TABLE books (id int)');
  const nobody = ', url: "postgres://x:geheim123@127.0.0.1:1/control"';
  await s.fleet.writeConfig(asked(s.fleet.name, QUERY, nobody));
  const failure = await s.run.status().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message: expect.stringContaining(
      'which tenants there are cannot be asked: control database at 127.0.0.1:1/control',
    ),
    facts: { exitCode: 23, hint: expect.stringContaining('migrate recover') },
  });
  expect(String(failure)).not.toContain('geheim123');
  expect(await s.run.recover()).toMatchObject({ exitCode: 0 });
});

test.each([
  ['SELECT name FROM customers', 'it has to give two columns, tenant and shard, not 1'],
  ['SELECT name, NULL FROM customers', 'row 1 has a value that is NULL'],
  ['SELECT name, shard FROM customers; SELECT 1', 'it has to be one SELECT'],
  ['DELETE FROM customers RETURNING name, shard', 'cannot execute DELETE in a read-only transaction'],
  ['COMMIT; DELETE FROM customers', 'cannot execute DELETE in a read-only transaction'],
  ['SELECT name, shard FROM nowhere', 'relation "nowhere" does not exist'],
  [`SELECT name, 'shard9' FROM customers`, 'which this fleet has not'],
])('%s is refused: %s', async (query, message) => {
  await s.fleet.writeConfig(asked(s.fleet.name, query));
  const failure = await s.run.setup().catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: expect.stringContaining(message), facts: { exitCode: 78 } });
  expect(await onVeneer('SELECT count(*)::int AS n FROM customers')).toEqual([{ n: 3 }]);
});

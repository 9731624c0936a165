import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { urlWith } from '../../src/sandbox/databases.js';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';
import { clean } from '../support/outcomes.js';

const GRAFANA = { user: 'grafana', password: 'GRAFANA_PASSWORD' };

let fleet: ExampleFleet;

beforeAll(async () => {
  fleet = await exampleFleet('federation');
});

afterAll(() => fleet.close());

const shown = async (sql: string): Promise<unknown[]> =>
  (await fleet.query('monitoring', sql)).map((row) => Object.values(row)[0]);

const customersShown = (): Promise<Record<string, unknown>[]> =>
  fleet.query('monitoring', 'SELECT DISTINCT tenant FROM all_entities ORDER BY 1', GRAFANA);

test('its story is told to the end', async () => {
  const story = await fleet.tell();
  expect(story).toContain('pump of acme');
  expect(await fleet.run.status({ verify: true })).toMatchObject(clean);
});

test('only what is listed is shown, under the names of customers; types do not collide', async () => {
  expect(
    await shown(
      "SELECT relname::text FROM pg_class WHERE relkind = 'f' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    ),
  ).toEqual(['acme_entities', 'globex_entities', 'initech_entities', 'os_release']);
  expect(
    await shown(
      "SELECT typname::text FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace ORDER BY 1",
    ),
  ).toEqual(['acme_entity_state', 'globex_entity_state', 'initech_entity_state']);
  expect(
    await shown(
      "SELECT option_value FROM information_schema.foreign_server_options WHERE option_name = 'sslmode'",
    ),
  ).toEqual(Array.from({ length: 3 }, () => fleet.variables['RDS_SSLMODE']));
});

test('the user on the side of the customers reads, and has no right to anything else there either', async () => {
  const url = urlWith(fleet.to('rds').url, {
    database: 'acme',
    user: 'federation_reader',
    password: fleet.variables['READER_PASSWORD'] ?? '',
  });
  const reader = new Client({ connectionString: url });
  await reader.connect();
  try {
    expect((await reader.query('SELECT id FROM entities')).rows).toEqual([{ id: 1 }]);
    for (const sql of [
      "INSERT INTO entities (id, name) VALUES (2, 'x')",
      "UPDATE entities SET name = 'x'",
      'DELETE FROM entities',
      'CREATE TABLE mine (id int)',
    ])
      await expect(reader.query(sql)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await reader.end();
  }
});

test('a dashboard reads, and its role has no right to anything else', async () => {
  expect(await fleet.query('monitoring', 'SELECT count(*)::int AS n FROM acme_entities', GRAFANA)).toEqual([
    { n: 1 },
  ]);
  await expect(fleet.query('monitoring', 'DELETE FROM acme_entities', GRAFANA)).rejects.toMatchObject({
    code: '42501',
  });
  await expect(fleet.query('monitoring', 'CREATE TABLE mine (id int)', GRAFANA)).rejects.toMatchObject({
    code: '42501',
  });
});

test('a migration goes through all customers, and changes the type of each', async () => {
  await fleet.write(
    'migrations/20260301090000000_paused.sql',
    `ALTER TYPE entity_state ADD VALUE 'paused' BEFORE 'gone'; ALTER TABLE entities ADD COLUMN seen timestamptz DEFAULT now()`,
  );
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  for (const customer of ['acme', 'globex', 'initech'])
    expect(await shown(`SELECT enum_range(NULL::${customer}_entity_state)::text`)).toEqual([
      '{new,live,paused,gone}',
    ]);
  expect(await fleet.run.status({ verify: true })).toMatchObject(clean);
});

test('the view over all customers has what they have in common, their own types as text, and is read by its reader', async () => {
  expect(
    await fleet.query('monitoring', 'SELECT * FROM all_entities ORDER BY tenant LIMIT 1', GRAFANA),
  ).toMatchObject([{ tenant: 'acme', id: 1, name: 'pump of acme', state: 'live' }]);
  expect(await customersShown()).toEqual([{ tenant: 'acme' }, { tenant: 'globex' }]);
  expect(
    await shown(
      "SELECT count(*)::int FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class = 'all_entities'::regclass JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'f' AND d.refobjsubid = 1",
    ),
  ).toEqual([3]);
});

test('a reader who is taken the right to the view is told, and given it again by setup', async () => {
  await fleet.query('monitoring', 'REVOKE SELECT ON all_entities FROM grafana');
  expect((await fleet.run.status()).drift).toMatchObject([{ kind: 'privileges' }]);
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await customersShown()).toHaveLength(2);
  expect(await fleet.run.status()).toMatchObject(clean);
});

test('foreign tables of other wrappers are left alone by sync --prune, too', async () => {
  await fleet.query('monitoring', 'DROP VIEW all_entities; DROP FOREIGN TABLE acme_entities');
  expect((await fleet.run.status()).drift).toMatchObject([
    { kind: 'missing table', object: 'public.acme_entities' },
    { kind: 'union view', object: 'public.all_entities' },
  ]);
  expect(await fleet.run.sync({ prune: true })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.query('monitoring', 'SELECT line FROM os_release', 'superuser')).not.toEqual([]);
  expect(await fleet.query('monitoring', 'SELECT count(*)::int AS n FROM acme_entities', GRAFANA)).toEqual([
    { n: 1 },
  ]);
});

test('a customer who leaves is told, and stays until somebody drops it', async () => {
  await fleet.query('monitoring', "UPDATE customers SET active = false WHERE name = 'globex'");
  expect((await fleet.run.status()).drift).toMatchObject([
    { object: 'public.all_entities', text: 'it shows globex, which it should not' },
    { object: 'tenant globex' },
  ]);
  expect(await fleet.run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await customersShown()).toEqual([{ tenant: 'acme' }]);
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await fleet.query('monitoring', 'SELECT count(*)::int AS n FROM globex_entities', GRAFANA)).toEqual([
    { n: 1 },
  ]);
});

test('the customer who left is dropped, and one who signs up is made, each in one step', async () => {
  const drop = { action: 'drop', name: 'globex', shard: null, yes: true, dryRun: false } as const;
  expect(await fleet.run.tenant(drop)).toMatchObject({ problems: [], exitCode: 0 });
  const add = { action: 'add', names: ['hooli'], shard: 'rds', dryRun: false } as const;
  expect(await fleet.run.tenant(add)).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.query('monitoring', "INSERT INTO customers (name, active) VALUES ('hooli', true)");
  expect(await fleet.run.status({ verify: true })).toMatchObject(clean);
  expect(
    await shown(
      "SELECT relname::text FROM pg_class WHERE relkind = 'f' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    ),
  ).toEqual(['acme_entities', 'hooli_entities', 'initech_entities', 'os_release']);
  expect(await shown("SELECT pg_get_viewdef('all_entities'::regclass) LIKE '%hooli%'")).toEqual([true]);
});

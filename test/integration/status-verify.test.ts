import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const here = scenario();

const onVeneer = (sql: string): Promise<Record<string, unknown>[]> => here.fleet.query('veneer', sql);

const SNAPSHOT = `
  SELECT (SELECT json_agg(c ORDER BY oid) FROM (SELECT oid, relname, relnamespace FROM pg_class WHERE oid >= 16384) c) AS classes,
         (SELECT json_agg(nspname ORDER BY oid) FROM pg_namespace WHERE oid >= 16384) AS schemas,
         (SELECT count(*)::int FROM pg_attribute) AS attributes, (SELECT count(*)::int FROM pg_depend) AS dependencies`;

test('it compares every exposed relation with what IMPORT makes, finds no difference, and leaves nothing', async () => {
  await here.start(`
    CREATE TABLE books (id serial, title varchar(9) COLLATE "C" NOT NULL, twice int GENERATED ALWAYS AS (1 + 1) STORED,
      made timestamptz NOT NULL DEFAULT now(), tags text[] DEFAULT '{}', n int);
    ALTER TABLE books ADD CONSTRAINT later NOT NULL n NOT VALID;
    CREATE VIEW "a View" AS SELECT id, title FROM books; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
    CREATE TABLE parted (n int) PARTITION BY LIST (n); CREATE TABLE part PARTITION OF parted DEFAULT;`);
  const before = await onVeneer(SNAPSHOT);
  const report = await here.run.status({ verify: true });
  expect(report).toMatchObject({ exitCode: 0, verified: 16, drift: [], problems: [] });
  expect(await onVeneer(SNAPSHOT)).toEqual(before);
  expect((await here.run.status()).verified).toBeNull();
});

test('a difference that the catalogs tell is told once; one that they do not tell is told as IMPORT sees it', async () => {
  await here.start('CREATE TABLE books (id int, price numeric(10,2))');
  await onVeneer('ALTER FOREIGN TABLE bluth_co.books ALTER price TYPE numeric(10,1)');
  const { drift } = await here.run.status({ verify: true });
  expect(drift.map(({ kind, object }) => [kind, object])).toEqual([['column type', 'bluth_co.books.price']]);
  // The server now leads to another database, whose table is another one: only whoever asks through it can see.
  const { database } = here.fleet;
  await here.fleet.query('shard3', 'ALTER TABLE initech.books RENAME TO old');
  await here.fleet.query(
    'shard3',
    'CREATE SCHEMA bluth_co; CREATE TABLE bluth_co.books (id bigint, price numeric(10,1))',
  );
  const port = here.fleet.servers.find(({ name }) => name === 'shard3')?.port;
  await onVeneer(`ALTER SERVER shard1_server OPTIONS (SET port '${port}', SET dbname '${database}')`);
  const password = here.fleet.env['ADMIN_PASSWORD_SHARD3'];
  await onVeneer(
    `ALTER USER MAPPING FOR veneer_admin SERVER shard1_server OPTIONS (SET password '${password}')`,
  );
  const misled = await here.run.status({ verify: true, shards: ['shard1'] });
  expect(misled).toMatchObject({ problems: [], verified: 1 });
  const imported = misled.drift.filter(({ text }) => text.startsWith('IMPORT FOREIGN SCHEMA differs'));
  expect(imported.map(({ kind, object }) => [kind, object])).toEqual([['column type', 'bluth_co.books.id']]);
  expect(misled.exitCode).toBe(11);
});

test('without the rights that it needs it says so, and status tells the rest', async () => {
  await here.start('CREATE TABLE books (id int)');
  const name = here.fleet.database;
  await here.fleet.query('veneer', `REVOKE TEMP ON DATABASE ${name} FROM PUBLIC, veneer_admin`);
  const report = await here.run.status({ verify: true, tenants: ['cyberdyne'] });
  expect(report.verified).toBe(0);
  expect(report.problems[0]).toMatchObject({
    message: expect.stringContaining('IMPORT FOREIGN SCHEMA of cyberdyne on shard2 failed'),
    hint: expect.stringContaining('TEMP'),
  });
  expect(report.shards[0]?.tenants[0]?.applied).toBe(1);
});

import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

const SETTINGS = `SELECT current_user::text AS who, current_setting('search_path') AS path,
  current_setting('DateStyle') AS style, current_setting('TimeZone') AS zone, current_setting('role') AS role,
  current_setting('transaction_read_only') AS "readOnly", current_setting('check_function_bodies') AS bodies`;

/** What a migration finds when it begins, in each tenant of shard2, as rows of a table of the tenant. */
const seen = (): Promise<Record<string, unknown>[]> =>
  s.fleet.query('shard2', 'SELECT * FROM cyberdyne.seen UNION ALL SELECT * FROM dunder_mifflin.seen');

const fresh = (tenant: string): Record<string, string> => ({
  who: 'bookstore_admin',
  path: tenant,
  style: 'ISO, MDY',
  zone: 'UTC',
  role: 'none',
  readOnly: 'off',
  bodies: 'on',
});

test.each([
  'SET ROLE bookstore_app',
  'SET LOCAL ROLE bookstore_app',
  `SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'`,
  'SET search_path = pg_catalog, public; SET check_function_bodies = off',
  `SELECT set_config('search_path', 'public', false), set_config('role', 'bookstore_app', false)`,
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET default_transaction_isolation = serializable',
])(
  '%s in a migration reaches neither the next tenant, nor the next migration, nor our own rows',
  async (setting) => {
    await s.fleet.query('shard2', 'GRANT bookstore_app TO bookstore_admin', 'superuser');
    await s.run.setup();
    await s.write(`CREATE TABLE seen AS ${SETTINGS}; ${setting}`);
    await s.write(
      `CREATE TABLE again AS ${SETTINGS}; CREATE TABLE dates (d date NOT NULL DEFAULT '2020-03-04')`,
    );
    expect(await s.run.up({ shards: ['shard2'] })).toMatchObject({ problems: [], exitCode: 0 });
    expect(await seen()).toEqual([fresh('cyberdyne'), fresh('dunder_mifflin')]);
    expect(await s.fleet.query('shard2', 'SELECT * FROM cyberdyne.again')).toEqual([fresh('cyberdyne')]);
    expect(await s.run.status({ shards: ['shard2'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  },
);

test('a date in a definition is deparsed under our DateStyle, whatever the migration set', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.migrate(`SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard';
    CREATE TABLE gen (at date, late boolean GENERATED ALWAYS AS (at > '2020-03-04'::date) STORED)`);
  const [row] = await s.fleet.query(
    'veneer',
    `SELECT pg_get_expr(adbin, adrelid) AS expression FROM pg_attrdef WHERE adrelid = 'initech.gen'::regclass`,
  );
  expect(row).toEqual({ expression: `(at > '2020-03-04'::date)` });
});

test.each(['DEALLOCATE ALL', 'DEALLOCATE PREPARE ALL'])(
  '%s in a migration does not take from us what we prepared',
  async (statement) => {
    await s.start('CREATE TABLE books (id int)');
    await s.write(`ALTER TABLE books ADD a int; ${statement}`);
    await s.write('ALTER TABLE books ADD b int');
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  },
);

test.each(['PREPARE mine AS SELECT 1', `DO $$ BEGIN EXECUTE 'PREPARE mine AS SELECT 1'; END $$`])(
  '%s reaches neither the next tenant nor the next migration',
  async (statement) => {
    await s.run.setup();
    await s.write(`CREATE TABLE books (id int); ${statement}`);
    await s.write('PREPARE mine AS SELECT 2');
    await s.write(`ALTER TABLE books ADD a int; ${statement}`);
    expect(await s.run.up({ shards: ['shard2'] })).toMatchObject({ problems: [], exitCode: 0 });
  },
);

test('what a hidden PREPARE leaves reaches the next migration no more than any other', async () => {
  await s.start(
    `CREATE FUNCTION prepares() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''PRE'' || ''PARE mine AS SELECT 1''; END'`,
  );
  await s.write('CREATE TABLE books (id int); SELECT prepares()');
  await s.write('ALTER TABLE books ADD a int; SELECT prepares()');
  expect(await s.run.up({ shards: ['shard3'] })).toMatchObject({ problems: [], exitCode: 0 });
});

test('a hidden DEALLOCATE ALL, between tenants or behind the last one, is found out by the first attempt', async () => {
  await s.start(
    `CREATE FUNCTION forgets() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''DEALLO'' || ''CATE ALL''; END'`,
  );
  await s.write('CREATE TABLE books (id int); SELECT forgets()');
  await s.write('ALTER TABLE books ADD a int; SELECT forgets()');
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a statement that a migration itself did not prepare fails at once, by name', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('EXECUTE nobodys(1)');
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]).toMatchObject({
    message: 'prepared statement "nobodys" does not exist',
    where: { tenant: 'cyberdyne', line: 1 },
  });
});

test('functions of a migration are planned as the server is configured, not as our catalog queries', async () => {
  const names = ['plan_cache_mode', 'jit', 'enable_seqscan', 'random_page_cost'];
  const settings = names.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
  await s.fleet.query(
    'shard3',
    `ALTER DATABASE ${s.fleet.database} SET plan_cache_mode = 'force_custom_plan'`,
  );
  await s.start('CREATE TABLE books (id int)');
  await s.migrate(`CREATE TABLE seen AS SELECT ${settings}`);
  const configured = await s.fleet.query('shard3', `SELECT ${settings}`);
  expect(configured).toMatchObject([{ plan_cache_mode: 'force_custom_plan', enable_seqscan: 'on' }]);
  expect(await s.fleet.query('shard3', 'SELECT * FROM initech.seen')).toEqual(configured);
});

import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../../support/scenario.js';
import { loseSessions } from '../../support/lose-sessions.js';
import { waitingFor } from '../../support/sessions.js';
import { untilSome } from '../../support/until.js';

const s = scenario({ shared: true });

const TABLES = ['renamed', 'casts', 'synced', 'replayed', 'fenced', 'widened'];

const veneer = (sql: string): Promise<Record<string, unknown>[]> =>
  s.fleet.query('veneer', `SET search_path TO cyberdyne; ${sql}`).then((result) => result ?? []);

const one = async (sql: string): Promise<Record<string, unknown> | undefined> =>
  (await s.fleet.query('veneer', sql))[0];

const definition = async (view: string): Promise<unknown> =>
  (await one(`SELECT pg_get_viewdef('cyberdyne.${view}'::regclass) AS text`))?.text;

beforeAll(async () => {
  const make = (name: string): string =>
    `CREATE TABLE ${name} (id int PRIMARY KEY, title varchar(20), pages int); INSERT INTO ${name} VALUES (1, 'Emma', 474)`;
  await s.start(TABLES.map(make).join(';'));
}, 60_000);

test('a column that is renamed and changes its type in one migration is found under its new name', async () => {
  await veneer(
    `CREATE VIEW renamed_v AS SELECT title, pages FROM renamed; COMMENT ON VIEW renamed_v IS 'kept'`,
  );
  await s.migrate(
    `ALTER TABLE renamed RENAME pages TO title2; ALTER TABLE renamed RENAME title TO pages; ALTER TABLE renamed RENAME title2 TO title;
     ALTER TABLE renamed ALTER title TYPE bigint; ALTER TABLE renamed RENAME TO named`,
  );
  expect(await one('SELECT * FROM cyberdyne.renamed_v')).toEqual({ title: 'Emma', pages: '474' });
  expect(await definition('renamed_v')).toBe(
    ' SELECT pages AS title,\n    title AS pages\n   FROM cyberdyne.named;',
  );
  expect(await one(`SELECT obj_description('cyberdyne.renamed_v'::regclass) AS c`)).toEqual({ c: 'kept' });
});

test('a query may show other casts over the new type, and says the same', async () => {
  await veneer(`CREATE VIEW casts_v AS SELECT id FROM casts WHERE title = 'Emma'`);
  expect(await definition('casts_v')).toContain(`((title)::text = 'Emma'::text)`);
  await s.migrate('ALTER TABLE casts ALTER title TYPE text');
  expect(await definition('casts_v')).toContain(`(title = 'Emma'::text)`);
  expect(await one('SELECT * FROM cyberdyne.casts_v')).toEqual({ id: 1 });
});

test('sync puts views aside and restores them as well', async () => {
  await veneer(
    `ALTER FOREIGN TABLE synced ALTER pages TYPE smallint; CREATE VIEW synced_v WITH (security_barrier) AS SELECT pages FROM synced`,
  );
  const report = await s.run.sync();
  expect(report).toMatchObject({ exitCode: 0, problems: [], veneers: [{ state: 'repaired' }] });
  expect(report.veneers[0]?.statements.map((sql) => sql.split(' ', 2).join(' '))).toEqual(
    expect.arrayContaining(['DROP VIEW', 'ALTER FOREIGN', 'CREATE VIEW']),
  );
  expect(
    await one(
      `SELECT reloptions, pg_typeof(pages)::text AS type FROM pg_class, cyberdyne.synced_v WHERE relname = 'synced_v'`,
    ),
  ).toEqual({ reloptions: ['security_barrier=true'], type: 'integer' });
  expect((await s.run.status()).drift).toEqual([]);
});

test('a veneer that lost its commit in lock-step gets its views again', async () => {
  await veneer(
    `CREATE VIEW replayed_v AS SELECT pages FROM replayed; REVOKE ALL ON replayed_v FROM veneer_app; GRANT SELECT (pages) ON replayed_v TO PUBLIC`,
  );
  const facts = `SELECT relacl::text, (SELECT attacl::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1)
                   FROM pg_class c WHERE relname = 'replayed_v'`;
  const before = await one(facts);
  await s.write('ALTER TABLE replayed ALTER pages TYPE bigint');
  const at = async (point: string): Promise<void> => {
    if (point === 'before commit:veneer') await loseSessions(s.fleet, ['veneer'], 'in transaction');
  };
  const report = await s.runWith({ at }).up({ protocol: 'lock-step', shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(await one(facts)).toEqual(before);
  expect(await one('SELECT pages FROM cyberdyne.replayed_v')).toEqual({ pages: '474' });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test.each([
  ['fenced', 'pages TYPE bigint'],
  ['widened', 'title TYPE varchar(40)'],
])('views are locked before what is under them, from the top down: %s', async (table, change) => {
  await veneer(
    `CREATE VIEW ${table}_low AS SELECT pages, title FROM ${table}; CREATE VIEW ${table}_top AS SELECT * FROM ${table}_low`,
  );
  await s.write(`ALTER TABLE ${table} ALTER ${change}`);
  const reader = await s.fleet.connect('veneer', 'app');
  // EXPLAIN locks what a SELECT locks on the veneer, and nothing on the shard.
  await reader.query(`BEGIN; EXPLAIN SELECT FROM cyberdyne.${table}_top`);
  const done = s.run.up({ shards: ['shard2'] });
  await untilSome(s.fleet, 'veneer', waitingFor(`cyberdyne.${table}_top`));
  // Whoever reads the table or the lower view now is not kept waiting by a run that waits itself.
  const { rows } = await reader.query(
    `SELECT relation::regclass::text FROM pg_locks JOIN pg_class c ON c.oid = relation
      WHERE mode = 'AccessExclusiveLock' AND relnamespace = 'cyberdyne'::regnamespace AND granted`,
  );
  expect(rows).toEqual([]);
  await reader.query('COMMIT');
  expect(await done).toMatchObject({ exitCode: 0, problems: [] });
  expect(await one(`SELECT * FROM cyberdyne.${table}_top`)).toMatchObject({ title: 'Emma' });
});

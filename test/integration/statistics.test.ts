import { expect, test } from '@jest/globals';
import type { Progress } from '../../src/report/progress.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id int PRIMARY KEY, pages int); INSERT INTO books SELECT g, g FROM generate_series(1, 50) AS g;
               CREATE TABLE empty (id int)`;

/** Rows that the planner believes in, by foreign table of one tenant; -1: it has no statistics. */
async function rowsOf(tenant: string): Promise<Record<string, number>> {
  const rows = await s.fleet.query(
    'veneer',
    `SELECT relname, reltuples FROM pg_class WHERE relkind = 'f' AND relnamespace = '${tenant}'::regnamespace`,
  );
  return Object.fromEntries(rows.map(({ relname, reltuples }) => [String(relname), Number(reltuples)]));
}

const analyze = (what: string): Promise<void> =>
  s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace('lock_wait: 2s', `lock_wait: 2s, analyze: ${what}`),
  );

test('new foreign tables with rows are analyzed after the run, empty ones and those that were there are not', async () => {
  await s.start(BOOKS);
  expect(await rowsOf('cyberdyne')).toEqual({ books: 50, empty: -1 });
  expect(await rowsOf('initech')).toEqual({ books: 50, empty: -1 });
  await s.migrate(
    'INSERT INTO empty VALUES (1); ALTER TABLE books ALTER pages TYPE bigint; CREATE TABLE more AS SELECT 1 AS n',
  );
  expect(await rowsOf('cyberdyne')).toEqual({ books: 50, empty: -1, more: 1 });
  const pages = `SELECT FROM pg_stats WHERE schemaname = 'cyberdyne' AND tablename = 'books' AND attname = 'pages'`;
  expect(await s.fleet.query('veneer', pages)).toEqual([]);
});

test('with analyze: changed a table with a changed type is analyzed again, under its new name', async () => {
  await s.start(BOOKS);
  await analyze('changed');
  await s.migrate(
    'INSERT INTO books VALUES (51, 51); ALTER TABLE books ALTER pages TYPE bigint; ALTER TABLE books RENAME TO works',
  );
  expect(await rowsOf('cyberdyne')).toEqual({ works: 51, empty: -1 });
});

test('with analyze: never nothing is analyzed, and sync analyzes what it made', async () => {
  await analyze('never');
  await s.start(BOOKS);
  expect(await rowsOf('cyberdyne')).toEqual({ books: -1, empty: -1 });
  await analyze('new');
  await s.fleet.query('veneer', 'DROP FOREIGN TABLE cyberdyne.books');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0, notices: [] });
  expect(await rowsOf('cyberdyne')).toEqual({ books: 50, empty: -1 });
});

test('an ANALYZE that fails is a notice, and what was migrated is done', async () => {
  expect(await s.run.setup()).toMatchObject({ problems: [] });
  await s.fleet.query('veneer', 'DROP USER MAPPING FOR veneer_admin SERVER shard2_server', 'superuser');
  await s.write(BOOKS);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.notices).toEqual([
    expect.stringMatching(
      /^veneer has no statistics of tables of shard2 \(cyberdyne\.books: user mapping not found.*and 1 more\): ANALYZE them there$/,
    ),
  ]);
  expect(await rowsOf('bluth_co')).toEqual({ books: 50, empty: -1 });
});

test('a run that is asked to end leaves the statistics, and is done all the same', async () => {
  expect(await s.run.setup()).toMatchObject({ problems: [] });
  await s.write(BOOKS);
  const end = new AbortController();
  const onProgress = ({ type }: Progress): void => (type === 'analyzing' ? end.abort() : undefined);
  const report = await s.runWith({ signal: end.signal, onProgress }).up();
  expect(report).toMatchObject({
    exitCode: 0,
    shards: [{ state: 'done' }, { state: 'done' }, { state: 'done' }],
  });
  expect(report.notices).toHaveLength(3);
  expect(report.notices[0]).toContain('the run was asked to end');
  expect(await rowsOf('bluth_co')).toEqual({ books: -1, empty: -1 });
});

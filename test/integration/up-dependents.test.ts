import { expect, test } from '@jest/globals';
import { logged } from '../support/logged.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id int PRIMARY KEY, title text, pages int); INSERT INTO books VALUES (1, 'Emma', 474)`;

const veneer = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql);

test('views, grants, comments and options on a foreign table survive what is done to it', async () => {
  await s.start(BOOKS);
  await veneer(`CREATE VIEW cyberdyne.shelf AS SELECT id, title FROM cyberdyne.books;
                GRANT SELECT (title) ON cyberdyne.books TO PUBLIC; COMMENT ON FOREIGN TABLE cyberdyne.books IS 'mine';
                COMMENT ON COLUMN cyberdyne.books.title IS 'as printed';
                ALTER FOREIGN TABLE cyberdyne.books OPTIONS (ADD fetch_size '10')`);
  const kept = `SELECT c.oid, obj_description(c.oid, 'pg_class') AS comment, col_description(c.oid, a.attnum) AS column,
                       a.attacl::text AS grants, 'fetch_size=10' = ANY (f.ftoptions) AS fetch_size
                  FROM pg_class c JOIN pg_foreign_table f ON f.ftrelid = c.oid
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 2
                 WHERE c.relnamespace = 'cyberdyne'::regnamespace AND c.relkind = 'f'`;
  const before = await veneer(kept);
  await s.write(`ALTER TABLE books ADD COLUMN isbn text; ALTER TABLE books RENAME COLUMN title TO name;
                 ALTER TABLE books RENAME TO works; ALTER TABLE works DROP COLUMN pages`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await veneer(kept)).toEqual(before);
  expect(before).toMatchObject([{ comment: 'mine', column: 'as printed', fetch_size: true }]);
  expect(await veneer('SELECT * FROM cyberdyne.shelf')).toEqual([{ id: 1, title: 'Emma' }]);
});

test('a dropped column below a view of the veneer refuses the step before any member commits, naming the view', async () => {
  await s.start(BOOKS);
  await veneer('CREATE VIEW cyberdyne.shelf AS SELECT title FROM cyberdyne.books');
  await s.write('ALTER TABLE books DROP COLUMN title');
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 20, shards: [{ state: 'failed' }] });
  expect(report.problems[0]?.message).toContain('view cyberdyne.shelf');
  expect(report.problems[0]?.detail).toContain('depends on column title of foreign table cyberdyne.books');
  expect(await s.fleet.query('shard2', 'SELECT title FROM cyberdyne.books')).toHaveLength(1);
  expect(await s.fleet.query('shard2', 'SELECT title FROM dunder_mifflin.books')).toHaveLength(1);
  expect(await s.run.status({ shards: ['shard2'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 10 });
});

test('a dropped table below a view of the veneer refuses the step', async () => {
  await s.start(BOOKS);
  await veneer('CREATE VIEW initech.shelf AS SELECT title FROM initech.books');
  await s.write('DROP TABLE books');
  const report = await s.run.up({ shards: ['shard3'] });
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.detail).toContain('view initech.shelf');
  expect(await s.fleet.query('shard3', 'SELECT id FROM initech.books')).toHaveLength(1);
});

test('something else under the name of a new table refuses the step, by name', async () => {
  await s.start(BOOKS);
  await veneer('CREATE TABLE bluth_co.authors (id int)');
  await s.write('CREATE TABLE authors (id int)');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, shards: [{ state: 'failed' }, { state: 'not started' }, {}] });
  expect(report.problems[0]?.message).toContain('bluth_co.authors exists on the veneer already');
  expect(await s.fleet.query('shard1', `SELECT to_regclass('bluth_co.authors') AS t`)).toEqual([{ t: null }]);
});

test('a column of a type that SQL alone cannot make again is refused by name before anything commits', async () => {
  await s.start(BOOKS);
  for (const [sql, reason] of [
    ['CREATE TABLE mood (a int); ALTER TABLE books ADD COLUMN felt mood', 'is the row type of a relation'],
    [
      'CREATE TABLE mood (a int); CREATE TYPE nest AS (m mood[]); ALTER TABLE books ADD COLUMN felt nest',
      'is the row type of a relation',
    ],
  ] as const) {
    await s.fleet.writeMigration('0002_mood.sql', sql);
    const report = await s.run.up();
    expect(report).toMatchObject({
      exitCode: 20,
      problems: [{ where: { member: 'shard1', tenant: 'bluth_co' } }],
    });
    expect(report.problems[0]?.message).toContain(`bluth_co.books.felt: bluth_co.mood ${reason}`);
    expect(await s.fleet.query('shard1', `SELECT to_regtype('bluth_co.mood') AS t`)).toEqual([{ t: null }]);
  }
});

test('a step that changes no exposed definition opens no transaction on the veneer', async () => {
  await s.start(BOOKS);
  await s.write(`CREATE INDEX ON books (title); ALTER TABLE books ALTER pages SET DEFAULT 1 + 9 * random(); INSERT INTO books VALUES (2);
                 CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER TABLE books ADD CHECK (pages > 0)`);
  const sent = await logged(s.fleet, 'veneer');
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report.shards[0]?.steps).toMatchObject([
    { state: 'committed', protocol: 'one server', veneerStatements: {} },
  ]);
  // History is written by a session of its own.
  const entries = (await sent()).split(/\n(?=\d{4}-)/);
  const pidOf = (entry = ''): string | undefined => /\[(\d+)\]/.exec(entry)?.[1];
  const historian = pidOf(entries.find((entry) => entry.includes('pgveneer.history')));
  const statements = entries.filter((entry) => pidOf(entry) !== historian).join('\n');
  expect(historian).toBeDefined();
  expect(statements).toContain('pgveneer.intent');
  expect(statements).not.toMatch(/BEGIN|PREPARE|ALTER|INSERT/);
});

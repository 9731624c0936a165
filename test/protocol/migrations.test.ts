import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { assertLikeImport } from '../support/like-import.js';
import { preparedIn } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { stallAt } from '../support/stall-at.js';
import { protocolsOf } from '../support/outcomes.js';

const s = scenario();

const SHARDS = ['shard1', 'shard2', 'shard3'];

const onVeneer = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql, 'app');

/** The migration is refused on its first shard, and nothing of it is anywhere. */
async function expectRefused(report: UpReport, message: string | RegExp): Promise<void> {
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.message).toMatch(message);
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 10 });
  await assertLikeImport(s.fleet);
}

test('SET ROLE in a migration', async () => {
  await s.fleet.query('shard1', 'GRANT bookstore_app TO bookstore_admin', 'superuser');
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text; SET ROLE bookstore_app');
  const stalled = stallAt('before commit prepared:shard1');
  const report = s.runWith({ at: stalled.at }).up({ shards: ['shard1'] });
  await Promise.race([stalled.reached, report]);
  const owners = 'SELECT owner::text FROM pg_prepared_xacts WHERE database = current_database()';
  expect(await s.fleet.query('shard1', owners)).toEqual([{ owner: 'bookstore_admin' }]);
  stalled.release();
  expect(await report).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test('DateStyle', async () => {
  const { database } = s.fleet;
  for (const [member, style] of Object.entries({
    shard1: 'SQL, DMY',
    shard2: 'German',
    veneer: 'Postgres, DMY',
  })) {
    await s.fleet.query(member, `ALTER DATABASE ${database} SET DateStyle = '${style}'`, 'superuser');
  }
  await s.start('CREATE TABLE gen (at date)');
  await s.write(`SET DateStyle = 'SQL, DMY';
    ALTER TABLE gen ADD COLUMN late boolean GENERATED ALWAYS AS (at > '02/03/2020'::date) STORED`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  for (const [member, table] of [
    ['shard1', 'bluth_co.gen'],
    ['veneer', 'bluth_co.gen'],
    ['veneer', 'cyberdyne.gen'],
  ]) {
    const client = await s.fleet.connect(member!);
    await client.query('SET DateStyle = ISO');
    const { rows } = await client.query(
      `SELECT pg_get_expr(adbin, adrelid) AS late FROM pg_attrdef WHERE adrelid = '${table}'::regclass`,
    );
    expect({ member, table, rows }).toEqual({ member, table, rows: [{ late: `(at > '2020-03-02'::date)` }] });
  }
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('shared enum renamed', async () => {
  await s.start('CREATE TABLE books (id int)');
  for (const shard of SHARDS) {
    const enumSql = `CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('sad', 'glad')`;
    await s.fleet.query(shard, enumSql);
  }
  await s.migrate(`ALTER TABLE books ADD COLUMN felt shared.mood; INSERT INTO books VALUES (1, 'sad')`);
  await s.fleet.writeMigration('shard/0003_blue.sql', `ALTER TYPE shared.mood RENAME VALUE 'sad' TO 'blue'`);
  const apart = await s.run.up({ shards: ['shard1'] });
  expect(apart).toMatchObject({ exitCode: 20 });
  expect(apart.problems[0]?.message).toBe(
    'type shared.mood is shared with shard2, shard3, which would read it wrongly meanwhile',
  );
  const read = `SELECT felt FROM bluth_co.books UNION ALL SELECT felt FROM initech.books`;
  expect(await s.fleet.query('veneer', read, 'app')).toEqual([{ felt: 'sad' }, { felt: 'sad' }]);
  const report = await s.run.up();
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(protocolsOf(report)).toEqual(['two-phase', 'two-phase', 'two-phase']);
  expect(await s.fleet.query('veneer', read, 'app')).toEqual([{ felt: 'blue' }, { felt: 'blue' }]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('parallel steps creating one type', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(`DO $$ BEGIN IF to_regtype('public.mood') IS NULL THEN CREATE TYPE public.mood AS ENUM ('sad'); END IF; END $$;
                 ALTER TABLE books ADD COLUMN felt public.mood[]; INSERT INTO books VALUES (1, '{sad}')`);
  for (const shard of SHARDS)
    await s.fleet.query(shard, 'GRANT CREATE ON SCHEMA public TO PUBLIC', 'superuser');
  await s.fleet.query('veneer', 'GRANT CREATE ON SCHEMA public TO PUBLIC', 'superuser');
  await s.fleet.writeConfig((await readConfig()).replace('canary: [shard1]', 'canary: []'));
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  const read = `SELECT felt FROM bluth_co.books UNION ALL SELECT felt FROM initech.books`;
  expect(await s.fleet.query('veneer', read, 'app')).toEqual([{ felt: '{sad}' }, { felt: '{sad}' }]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

async function readConfig(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(`${s.fleet.dir}/shards.yaml`, 'utf8');
}

test('ALTER SCHEMA RENAME', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER SCHEMA bluth_co RENAME TO sitwell');
  await expectRefused(
    await s.run.up({ shards: ['shard1'] }),
    'renames or drops schema bluth_co, which is tenant bluth_co',
  );
  await s.fleet.writeMigration(
    '0002_change.sql',
    'ALTER SCHEMA cyberdyne RENAME TO aside; ALTER SCHEMA dunder_mifflin RENAME TO cyberdyne; ALTER SCHEMA aside RENAME TO dunder_mifflin',
  );
  await expectRefused(await s.run.up({ tenants: ['cyberdyne'] }), 'renames or drops schema cyberdyne');
});

test('ALTER TYPE RENAME', async () => {
  await s.start('CREATE TYPE kind AS (id int, title text); CREATE TABLE books OF kind');
  await s.migrate('ALTER TYPE kind RENAME TO sort');
  // What the type of a typed table goes through, its table goes through as well.
  const report = await s.migrate('ALTER TYPE sort RENAME ATTRIBUTE title TO name CASCADE');
  expect(protocolsOf(report)).toEqual(['two-phase', 'two-phase', 'two-phase']);
  expect(await onVeneer('SELECT name FROM cyberdyne.books')).toEqual([]);
  await s.write('ALTER TYPE sort RENAME TO kind; CREATE TABLE shelves (holds books)');
  await expectRefused(
    await s.run.up(),
    'bluth_co.shelves.holds: bluth_co.books is the row type of a relation',
  );
});

test('savepoints', async () => {
  await s.start('CREATE TABLE books (id int); CREATE TABLE authors (id int)');
  await s.migrate(`
    SAVEPOINT one;
    ALTER TABLE books ADD COLUMN lost text;
    CREATE TABLE lost (id int);
    ROLLBACK TO SAVEPOINT one;
    SAVEPOINT two;
    ALTER TABLE books ADD COLUMN title text;
    RELEASE SAVEPOINT two;
    DO $$ BEGIN
      CREATE TABLE shelves (id int);
      ALTER TABLE authors RENAME COLUMN id TO number;
    EXCEPTION WHEN division_by_zero THEN NULL; END $$;
    DO $$ BEGIN
      ALTER TABLE authors ADD COLUMN lost text;
      PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN NULL; END $$;`);
  expect(await onVeneer('SELECT title FROM initech.books')).toEqual([]);
  expect(await onVeneer('SELECT number FROM initech.authors')).toEqual([]);
  expect(await onVeneer('SELECT id FROM initech.shelves')).toEqual([]);
});

test('NOTIFY', async () => {
  await s.start('CREATE TABLE books (id int)');
  const listener = await s.fleet.connect('shard1');
  const heard: string[] = [];
  listener.on('notification', ({ payload }) => heard.push(String(payload)));
  await listener.query('LISTEN changed');
  const report = await s.migrate(`ALTER TABLE books ADD COLUMN title text; NOTIFY changed, 'books'`);
  expect(protocolsOf(report)).toEqual(['lock-step', 'lock-step', 'lock-step']);
  await listener.query('SELECT 1');
  expect(heard).toEqual(['books']);
});

test('temp table', async () => {
  await s.start('CREATE TABLE books (id int); INSERT INTO books VALUES (1)');
  const report = await s.migrate(
    'CREATE TEMP TABLE scratch AS SELECT id FROM books; ALTER TABLE books ADD COLUMN title text',
  );
  expect(protocolsOf(report)).toEqual(['lock-step', 'lock-step', 'lock-step']);
  const again = await s.migrate(
    'CREATE TEMP TABLE scratch (id int) ON COMMIT DROP; ALTER TABLE books DROP COLUMN title',
  );
  expect(protocolsOf(again)).toEqual(['lock-step', 'lock-step', 'lock-step']);
});

test('deferred constraint', async () => {
  await s.start(`CREATE TABLE books (id int PRIMARY KEY, next int REFERENCES books DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE authors (id int)`);
  const report = await s.migrate(
    'INSERT INTO books VALUES (1, 2); INSERT INTO books VALUES (2); ALTER TABLE authors ADD COLUMN name text',
  );
  expect(protocolsOf(report)).toEqual(['two-phase', 'two-phase', 'two-phase']);
  await s.write('INSERT INTO books VALUES (3, 4); ALTER TABLE authors ADD COLUMN born int');
  const points: string[] = [];
  const failing = s.runWith({ at: async (point) => void points.push(point) });
  await expectRefused(await failing.up(), 'violates foreign key constraint');
  expect(points).not.toContain('before intent');
});

test('a view whose row type a function uses', async () => {
  await s.start(`CREATE TABLE books (id int, title text); INSERT INTO books VALUES (1, 'Emma')`);
  await s.fleet.query(
    'veneer',
    `CREATE VIEW bluth_co.shelf AS SELECT id, title FROM bluth_co.books;
     CREATE FUNCTION public.label(bluth_co.shelf) RETURNS text LANGUAGE sql AS 'SELECT $1.id || '': '' || $1.title'`,
  );
  const labels = 'SELECT public.label(s) AS label FROM bluth_co.shelf s';
  await s.migrate('ALTER TABLE books RENAME COLUMN title TO name; ALTER TABLE books ADD COLUMN pages int');
  expect(await s.fleet.query('veneer', labels)).toEqual([{ label: '1: Emma' }]);
  await s.write('ALTER TABLE books ALTER COLUMN id TYPE bigint');
  const report = await s.run.up({ shards: ['shard1'] });
  await expectRefused(report, 'function public.label(bluth_co.shelf) stands in the way on veneer');
  expect(await s.fleet.query('veneer', labels)).toEqual([{ label: '1: Emma' }]);
});

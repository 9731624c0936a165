import { expect, test } from '@jest/globals';
import type { Client } from 'pg';
import type { UpReport } from '../../src/report/up.js';
import { commandsOn } from '../support/commands.js';
import { signal } from '../support/hold.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';
const INDEX = '-- no-transaction\nCREATE INDEX CONCURRENTLY books_title ON books (title)';
const UNIQUE = '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY books_title ON books (title)';

/** What status has to tell of every fleet of these tests. */
const HIDDEN = [expect.stringMatching(/^veneer: \d user mappings are not readable by this user/)];

const INTERRUPTED = '0002_change was interrupted half way for bluth_co: migrate up runs it again';

const SHARDS = ['shard1', 'shard2', 'shard3'];

/** Indexes of tenants, besides primary keys: `tenant.index` and whether it is valid. */
async function indexes(...members: string[]): Promise<string[]> {
  const found = await Promise.all(
    (members.length === 0 ? SHARDS : members).map((member) =>
      s.fleet.query(
        member,
        `SELECT c.relnamespace::regnamespace || '.' || c.relname || ' ' || i.indisvalid AS index
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE NOT i.indisprimary AND c.relnamespace::regnamespace::text !~ '^(pg_catalog|pg_toast|pgveneer)$'
          ORDER BY 1`,
      ),
    ),
  );
  return found.flat().map(({ index }) => String(index));
}

/** What the ledger of a shard says of a migration: `tenant state`. */
const ledger = async (member: string, migration: string): Promise<string[]> =>
  (
    await s.fleet.query(
      member,
      `SELECT tenant || ' ' || state AS row FROM pgveneer.ledger WHERE migration = '${migration}' ORDER BY 1`,
    )
  ).map(({ row }) => String(row));

/** A transaction of the application that has written to the table, and stays open. */
async function openWriter(member: string, table: string): Promise<Client> {
  const client = await s.fleet.connect(member);
  await client.query(`BEGIN; INSERT INTO ${table} VALUES (-1, 'open')`);
  return client;
}

const protocols = ({ shards }: UpReport): unknown =>
  shards.map(({ steps }) => steps.map((step) => step.protocol));

/** Nothing is left to do, and all is as it should be. */
async function expectDone(): Promise<void> {
  expect(await s.run.up()).toMatchObject({ exitCode: 0, shards: SHARDS.map(() => ({ steps: [] })) });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [], notices: HIDDEN });
  await assertLikeImport(s.fleet);
}

test('an index is built concurrently for every tenant of every shard, beside a transaction that reads', async () => {
  await s.start(BOOKS);
  const report = await s.migrate(INDEX);
  expect(protocols(report)).toEqual(SHARDS.map(() => ['no transaction']));
  expect(await indexes()).toEqual([
    'bluth_co.books_title true',
    'cyberdyne.books_title true',
    'dunder_mifflin.books_title true',
    'initech.books_title true',
  ]);
  expect(await ledger('shard2', '0002_change')).toEqual(['cyberdyne applied', 'dunder_mifflin applied']);
  const [row] = await s.fleet.query(
    'shard1',
    `SELECT duration > interval '0' AS measured FROM pgveneer.ledger WHERE migration = '0002_change'`,
  );
  expect(row).toEqual({ measured: true });
  await expectDone();
});

test('so are the statements of a script, and whatever else cannot be inside a transaction, or need not', async () => {
  await s.start(`${BOOKS}; ALTER TABLE books ADD CONSTRAINT named CHECK (title <> '') NOT VALID`);
  await s.fleet.writeMigration(
    '0002_script.ts',
    `export const up = (pgm) => {
       pgm.noTransaction();
       pgm.createIndex('books', 'title', { concurrently: true, name: 'by_title' });
     };`,
  );
  await s.fleet.writeMigration(
    '0003_upkeep.sql',
    `-- no-transaction
     SET maintenance_work_mem = '32MB';
     VACUUM (ANALYZE) books;
     ALTER TABLE books VALIDATE CONSTRAINT named;
     REINDEX TABLE CONCURRENTLY books;
     SELECT 1 / (current_setting('pgveneer.tenant') = current_schema() AND current_schema() <> 'public')::int;
     DROP INDEX CONCURRENTLY by_title;`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await indexes()).toEqual([]);
  const validated = `SELECT convalidated FROM pg_constraint WHERE conname = 'named'`;
  expect(await s.fleet.query('shard2', validated)).toEqual([{ convalidated: true }, { convalidated: true }]);
  await expectDone();
});

test('what a function changes is refused by the server, and nothing is left', async () => {
  await s.start(`${BOOKS}; CREATE FUNCTION grow() RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN ALTER TABLE books ADD COLUMN isbn text; RETURN 1; END $$`);
  await s.write('-- no-transaction\nSELECT 1;\nSELECT grow()');
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ sqlstate: '25006', where: { member: 'shard1', tenant: 'bluth_co', line: 3 } }],
  });
  expect(await ledger('shard1', '0002_change')).toEqual([]);
  expect(await s.run.status()).toMatchObject({ exitCode: 10, drift: [], notices: HIDDEN });
});

test('a change of a definition is refused before anything runs', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.write('-- no-transaction\nALTER TABLE books DROP COLUMN title');
  await expect(s.run.up()).rejects.toMatchObject({
    message: expect.stringContaining('it may change what a veneer shows'),
    facts: { exitCode: 20, where: { file: 'migrations/0003_change.sql', line: 2 } },
  });
  expect(await ledger('shard1', '0002_change')).toEqual([]);
});

test('a unique index over duplicates leaves no invalid index; which tenants have it is said, and the next up goes on', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO dunder_mifflin.books VALUES (1, 'a'), (2, 'a')`);
  await s.write(UNIQUE);
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate up', shards: [{ state: 'failed' }] });
  expect(report.problems).toMatchObject([
    {
      message: 'could not create unique index "books_title"',
      sqlstate: '23505',
      where: { member: 'shard2', tenant: 'dunder_mifflin', file: 'migrations/0002_change.sql', line: 2 },
    },
  ]);
  expect(report.problems[0]?.detail).toMatch(/Key \(title\)=\(a\) is duplicated[^]*done for cyberdyne$/);
  expect(await indexes('shard2')).toEqual(['cyberdyne.books_title true']);
  expect(await ledger('shard2', '0002_change')).toEqual(['cyberdyne applied']);
  expect((await s.run.status()).shards[1]?.tenants).toMatchObject([
    { tenant: 'cyberdyne', applied: 2, pending: [] },
    { tenant: 'dunder_mifflin', applied: 1, pending: ['0002_change'] },
  ]);
  await s.fleet.query('shard2', 'DELETE FROM dunder_mifflin.books WHERE id = 2');
  expect((await s.run.up()).shards[1]?.steps).toMatchObject([
    { tenants: ['dunder_mifflin'], state: 'committed' },
  ]);
  await expectDone();
});

test('with skip-tenant the others go on, and those that are done are not run again', async () => {
  await s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace('rollout: {', 'rollout: { on_error: skip-tenant,'),
  );
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO dunder_mifflin.books VALUES (1, 'a'), (2, 'a')`);
  await s.write(UNIQUE);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21 });
  expect(report.shards[1]).toMatchObject({
    skipped: [{ tenant: 'dunder_mifflin', migration: '0002_change', problem: { sqlstate: '23505' } }],
    steps: [{ state: 'committed', tenants: expect.arrayContaining(['cyberdyne']) }],
  });
  expect(await indexes('shard2')).toEqual(['cyberdyne.books_title true']);
});

test('what the statements before the failing one did stays, and is not done twice', async () => {
  await s.start(BOOKS);
  for (const [member, tenant] of [['shard1', 'bluth_co']] as const)
    await s.fleet.query(member, `INSERT INTO ${tenant}.books VALUES (1, 'a'), (2, 'a')`);
  await s.write(`-- no-transaction
    CREATE INDEX CONCURRENTLY first ON books (title);
    CREATE UNIQUE INDEX CONCURRENTLY second ON books (title)`);
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report).toMatchObject({ exitCode: 20, problems: [{ sqlstate: '23505' }] });
  expect(report.problems[0]?.detail).toContain(
    'the statements before it are done; migrate up goes on behind them',
  );
  expect(await indexes('shard1')).toEqual(['bluth_co.first true']);
  expect(await ledger('shard1', '0002_change')).toEqual(['bluth_co running']);
  const status = await s.run.status({ shards: ['shard1'] });
  expect(status).toMatchObject({
    exitCode: 10,
    next: 'migrate up',
    notices: [INTERRUPTED, ...HIDDEN],
    shards: [{ tenants: [{ applied: 1, last: '0001_change', pending: ['0002_change'] }] }],
  });
  expect((await s.run.up({ dryRun: true })).notices).toEqual([INTERRUPTED]);
  const oid = `SELECT 'bluth_co.first'::regclass::oid AS oid`;
  const before = await s.fleet.query('shard1', oid);
  await s.fleet.query('shard1', 'DELETE FROM bluth_co.books WHERE id = 2');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.fleet.query('shard1', oid)).toEqual(before);
  expect(await indexes('shard1')).toEqual(['bluth_co.first true', 'bluth_co.second true']);
  await expectDone();
});

test('a file that was edited after it began is run as it is written, also as one with a transaction', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', `INSERT INTO bluth_co.books VALUES (1, 'a'), (2, 'a')`);
  const first = 'CREATE INDEX CONCURRENTLY first ON books (title)';
  const name = await s.write(
    `-- no-transaction\n${first};\nCREATE UNIQUE INDEX CONCURRENTLY second ON books (title)`,
  );
  await s.run.up();
  await s.fleet.writeMigration(`${name}.sql`, `-- no-transaction\n${first};`);
  expect(await s.run.up()).toMatchObject({
    problems: [{ message: 'relation "first" already exists', sqlstate: '42P07' }],
  });
  await s.fleet.writeMigration(`${name}.sql`, 'CREATE INDEX second ON books (title)');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await indexes('shard1')).toEqual(['bluth_co.first true', 'bluth_co.second true']);
  // What the first version of the file made is in this tenant alone.
  expect(await s.run.status()).toMatchObject({
    drift: [{ kind: 'odd tenant', where: { tenant: 'bluth_co' } }],
  });
  await assertLikeImport(s.fleet);
});

test('an index that was there before is nobody’s to keep in silence or to drop', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard1', `INSERT INTO bluth_co.books VALUES (1, 'a'), (2, 'a')`);
  const theirs = await s.fleet.connect('shard1');
  await expect(
    theirs.query('CREATE UNIQUE INDEX CONCURRENTLY books_title ON bluth_co.books (title)'),
  ).rejects.toMatchObject({ code: '23505' });
  const name = await s.write(INDEX.replace('CONCURRENTLY', 'CONCURRENTLY IF NOT EXISTS'));
  expect((await s.run.up()).problems).toMatchObject([
    {
      message: 'index bluth_co.books_title was there before, and is invalid: it was not built to its end',
      exitCode: 20,
      where: { member: 'shard1', tenant: 'bluth_co' },
    },
  ]);
  expect(await indexes('shard1')).toEqual(['bluth_co.books_title false']);
  await theirs.query('DROP INDEX bluth_co.books_title; CREATE INDEX books_title ON bluth_co.books (id)');
  await s.fleet.writeMigration(`${name}.sql`, INDEX);
  expect((await s.run.up()).problems).toMatchObject([{ message: 'relation "books_title" already exists' }]);
  expect(await ledger('shard1', name)).toEqual([]);
  await s.fleet.writeMigration(`${name}.sql`, INDEX.replace('CONCURRENTLY', 'CONCURRENTLY IF NOT EXISTS'));
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('dropping and building an index of one name is one migration', async () => {
  await s.start(`${BOOKS}; CREATE INDEX books_title ON books (id)`);
  await s.migrate(`-- no-transaction
    DROP INDEX CONCURRENTLY books_title;
    CREATE INDEX CONCURRENTLY books_title ON books (title)`);
  expect(
    await s.fleet.query('shard3', `SELECT pg_get_indexdef('initech.books_title'::regclass) AS def`),
  ).toEqual([{ def: expect.stringContaining('(title)') }]);
  await expectDone();
});

test('it waits for a transaction longer than lock_wait, tells for whom, and blocks nobody', async () => {
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('lock_wait: 2s', 'lock_wait: 50ms'));
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter('shard2', 'dunder_mifflin.books');
  const told: string[] = [];
  const waits = signal();
  const up = commandsOn(s.fleet, {
    onProgress: (event) => {
      if (event.type !== 'notice') return;
      told.push(event.text);
      if (event.text.startsWith('shard2 waits for')) waits.fire();
    },
  }).up();
  await waits.promise;
  await s.fleet.query('shard2', `INSERT INTO dunder_mifflin.books VALUES (2, 'beside')`);
  expect((await s.run.status()).notices.slice(0, 3)).toEqual([
    '0002_change began for dunder_mifflin, and has not come to its end',
    expect.stringContaining('a runner is at work'),
    ...HIDDEN,
  ]);
  await writer.query('COMMIT');
  const report = await up;
  expect(report).toMatchObject({ exitCode: 0 });
  expect(report.shards[1]?.steps).toMatchObject([{ attempts: 1 }]);
  expect(told).toEqual([
    expect.stringMatching(/^shard2 waits for shard2: pid \d+ \(test, bookstore_admin\), idle in transaction/),
  ]);
  await expectDone();
});

test('--terminate-blockers ends whom it waits for', async () => {
  await s.start(BOOKS);
  await s.write(INDEX);
  const writer = await openWriter('shard1', 'bluth_co.books');
  expect(await s.run.up({ terminateBlockersMs: 0 })).toMatchObject({ exitCode: 0 });
  await expect(writer.query('COMMIT')).rejects.toThrow();
  expect(s.run.events).toContainEqual({
    type: 'notice',
    text: expect.stringMatching(/^ended a session that blocked the step: shard1: pid/),
  });
});

test('a lock_timeout of the migration’s own is kept; what it leaves is dropped, and the statement tried again', async () => {
  await s.start(BOOKS);
  await s.write(INDEX.replace('CREATE', `SET lock_timeout = '100ms';\nCREATE`));
  const writer = await openWriter('shard1', 'bluth_co.books');
  const up = commandsOn(s.fleet, {
    onProgress: (event) => {
      if (event.type === 'step' && event.phase === 'retrying')
        void writer.query('ROLLBACK').catch(() => undefined);
    },
  }).up();
  const report = await up;
  expect(report).toMatchObject({ exitCode: 0 });
  expect(report.shards[0]?.steps[0]?.attempts).toBeGreaterThan(1);
  await expectDone();
});

test('--atomic fleet cannot hold them together: they go shard after shard, and the first failure ends it', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO cyberdyne.books VALUES (1, 'a'), (2, 'a')`);
  await s.write(UNIQUE);
  const report = await s.run.up({ atomic: 'fleet' });
  expect(report.shards.map(({ steps }) => steps[0]?.state)).toEqual(['committed', 'failed', 'not started']);
  expect(report).toMatchObject({ exitCode: 21 });
  await s.fleet.query('shard2', 'DELETE FROM cyberdyne.books WHERE id = 2');
  expect(await s.run.up({ atomic: 'fleet' })).toMatchObject({ exitCode: 0 });
  await expectDone();
});

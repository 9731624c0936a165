import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const ledgerOf = async (member: string): Promise<string[]> =>
  (
    await s.fleet.query(
      member,
      `SELECT concat_ws(' ', scope, nullif(tenant, ''), migration) AS entry FROM pgveneer.ledger ORDER BY migration, scope, tenant`,
    )
  ).map(({ entry }) => String(entry));

test('a migration for the shard runs once per shard, between those for tenants, and knows its shard', async () => {
  await s.run.setup();
  await s.fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
  await s.fleet.writeMigration(
    'shard/2_reach.sql',
    `CREATE TABLE told (tenant text, shard text, schema text, books int);
     INSERT INTO told SELECT current_setting('pgveneer.tenant'), current_setting('pgveneer.shard'), current_schema,
       (SELECT count(*) FROM pg_class WHERE relname = 'books')`,
  );
  await s.fleet.writeMigration('3_authors.sql', 'CREATE TABLE authors (id int)');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(
    report.shards[1]?.steps.map(({ migration, scope, tenants }) => [migration, scope, tenants.length]),
  ).toEqual([
    ['1_books', 'tenant', 2],
    ['2_reach', 'shard', 0],
    ['3_authors', 'tenant', 2],
  ]);
  expect(await s.fleet.query('shard2', 'SELECT * FROM public.told')).toEqual([
    { tenant: '', shard: 'shard2', schema: 'public', books: 2 },
  ]);
  expect(await ledgerOf('shard1')).toEqual([
    'tenant bluth_co 1_books',
    'shard 2_reach',
    'tenant bluth_co 3_authors',
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, next: null });
  await assertLikeImport(s.fleet);
});

const ALL_BOOKS = `CREATE SCHEMA IF NOT EXISTS reports;
CREATE OR REPLACE VIEW reports.all_books AS
  SELECT 'cyberdyne' AS tenant, id, title FROM cyberdyne.books UNION ALL SELECT 'initech', id, title FROM initech.books;`;

test('a migration for the veneer runs once all shards have what is before it, and before what is after it', async () => {
  await s.run.setup();
  await s.fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int, title text)');
  await s.fleet.writeMigration(
    'veneer/2_all.sql',
    `${ALL_BOOKS} CREATE TABLE reports.told AS SELECT current_setting('pgveneer.veneer') AS veneer,
       current_setting('pgveneer.tenant') AS tenant, current_schema AS schema`,
  );
  await s.fleet.writeMigration('3_authors.sql', 'CREATE TABLE authors (id int)');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [], next: null });
  expect(report.veneerSteps).toMatchObject([
    { migration: '2_all', scope: 'veneer', state: 'committed', veneers: ['veneer'], protocol: 'one server' },
  ]);
  const committed = s.run.events.flatMap((event) =>
    event.type === 'step' && event.phase === 'committed' ? [event.migration] : [],
  );
  expect(committed).toEqual([
    '1_books',
    '1_books',
    '1_books',
    'veneer/2_all',
    '3_authors',
    '3_authors',
    '3_authors',
  ]);
  expect(await s.fleet.query('veneer', 'SELECT * FROM reports.told')).toEqual([
    { veneer: 'veneer', tenant: '', schema: 'public' },
  ]);
  expect(await ledgerOf('veneer')).toEqual(['veneer 2_all']);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, order: [], next: null });
});

test('dropping a column below a view of the veneer is refused by name; a veneer migration before it makes it pass', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  await s.fleet.writeMigration('veneer/2_all.sql', ALL_BOOKS);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  await s.fleet.writeMigration('3_drop.sql', 'ALTER TABLE books DROP COLUMN title');
  const refused = await s.run.up({ shards: ['shard2'] });
  expect(refused).toMatchObject({ exitCode: 20 });
  expect(refused.problems[0]?.message).toContain('view reports.all_books stands in the way on veneer');
  await s.fleet.writeMigration('veneer/2_away.sql', 'DROP VIEW reports.all_books');
  expect(await s.run.status()).toMatchObject({ exitCode: 10 });
  expect(await s.run.up({ dryRun: true })).toMatchObject({
    order: [{ migration: '2_away' }, { migration: '3_drop' }],
    veneerSteps: [{ state: 'planned', statements: ['DROP VIEW reports.all_books'] }],
  });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

test('where a shard did not come through, the veneer and what comes after it are not started', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  await s.fleet.query('shard2', 'CREATE TABLE cyberdyne.authors ()');
  await s.fleet.writeMigration('2_authors.sql', 'CREATE TABLE authors (id int)');
  await s.fleet.writeMigration('veneer/3_all.sql', ALL_BOOKS);
  await s.fleet.writeMigration('4_more.sql', 'CREATE TABLE more (id int)');
  const yaml = await s.fleet.readConfig();
  for (const onError of ['continue', 'skip-tenant']) {
    await s.fleet.writeConfig(yaml.replace('rollout: {', `rollout: { on_error: ${onError},`));
    const report = await s.run.up();
    expect(report).toMatchObject({
      exitCode: 21,
      next: 'migrate up',
      veneerSteps: [{ state: 'not started' }],
    });
    expect(report.shards.map(({ steps }) => steps.at(-1))).toMatchObject(
      report.shards.map(() => ({ migration: '4_more', state: 'not started' })),
    );
  }
  await s.fleet.query('shard2', 'DROP TABLE cyberdyne.authors');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, veneerSteps: [{ state: 'committed' }] });
});

test('a selection leaves the veneer out, and what comes after it waits, and says so', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  await s.fleet.writeMigration('2_authors.sql', 'CREATE TABLE authors (id int)');
  await s.fleet.writeMigration('veneer/3_all.sql', ALL_BOOKS);
  await s.fleet.writeMigration('4_more.sql', 'CREATE TABLE more (id int)');
  const report = await s.run.up({ shards: ['shard3'] });
  expect(await s.run.status({ shards: ['shard3'] })).toMatchObject({
    shards: [{ tenants: [{ pending: ['4_more'] }] }],
    own: [{ scope: 'veneer', member: 'veneer', applied: 0, pending: ['3_all'], last: null }],
  });
  expect(report).toMatchObject({
    exitCode: 10,
    next: 'migrate up',
    order: [{ migration: '2_authors' }],
    notices: ['4_more waits for veneer/3_all, which this selection leaves out (initech)'],
  });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, next: null, notices: [] });
  await s.fleet.writeMigration('veneer/5_last.sql', 'DROP VIEW reports.all_books');
  expect(await s.run.status()).toMatchObject({ exitCode: 10, next: 'migrate up' });
  await s.run.up();
  expect(await s.run.status()).toMatchObject({ exitCode: 0, next: null });
  await s.fleet.writeMigration('shard/6_told.sql', 'CREATE TABLE told (id int)');
  expect(await s.run.status()).toMatchObject({ exitCode: 10, next: 'migrate up' });
});

test('a migration for the veneer may not make a foreign table unlike its shard, nor write through one', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  for (const [sql, message] of [
    [
      'ALTER FOREIGN TABLE cyberdyne.books DROP COLUMN title',
      'veneer/2_x would leave cyberdyne.books unlike',
    ],
    ['DROP FOREIGN TABLE cyberdyne.books', 'veneer/2_x would leave cyberdyne.books unlike'],
    ['INSERT INTO cyberdyne.books VALUES (1)', 'the migration writes cyberdyne.books, a foreign table'],
  ]) {
    await s.fleet.writeMigration('veneer/2_x.sql', sql!);
    const report = await s.run.up();
    expect(report).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed' }] });
    expect(report.problems[0]?.message).toContain(message);
  }
  expect(await s.fleet.query('shard2', 'SELECT * FROM cyberdyne.books')).toEqual([]);
  await s.fleet.writeMigration(
    'veneer/2_x.sql',
    'CREATE MATERIALIZED VIEW kept AS SELECT * FROM cyberdyne.books; COMMENT ON FOREIGN TABLE cyberdyne.books IS $$x$$',
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

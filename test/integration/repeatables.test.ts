import { rm } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';
const TITLES = 'CREATE OR REPLACE VIEW titles AS SELECT title FROM books';

const rows = (): Promise<unknown[]> =>
  s.fleet.query(
    'shard2',
    `SELECT tenant, count(*)::int AS rows, count(DISTINCT checksum)::int AS texts FROM pgveneer.ledger
      WHERE migration = 'R__titles' GROUP BY tenant ORDER BY tenant`,
  );

test('a repeatable runs behind the others, and again when its text has changed; the veneer follows', async () => {
  await s.fleet.writeMigration('R__titles.sql', TITLES);
  await s.start(BOOKS);
  expect((await s.run.status()).shards[0]?.tenants[0]).toMatchObject({
    applied: 2,
    pending: [],
    last: '0001_change',
  });
  const checksums = `SELECT checksum FROM pgveneer.ledger WHERE tenant = 'cyberdyne' AND migration = 'R__titles'`;
  const [before] = await s.fleet.query('shard2', checksums);
  await s.fleet.writeMigration('R__titles.sql', `${TITLES}   \r\n\n`);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.fleet.writeMigration('R__titles.sql', TITLES.replace('title FROM', 'title, isbn FROM'));
  const status = await s.run.status();
  expect(status).toMatchObject({ exitCode: 10, drift: [] });
  expect(status.shards[0]?.tenants[0]).toMatchObject({ pending: ['0002_change', 'R__titles'] });
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.shards[1]?.steps.map(({ migration }) => migration)).toEqual(['0002_change', 'R__titles']);
  await s.fleet.query('veneer', 'SELECT isbn FROM cyberdyne.titles', 'app');
  expect(await rows()).toEqual([
    { tenant: 'cyberdyne', rows: 1, texts: 1 },
    { tenant: 'dunder_mifflin', rows: 1, texts: 1 },
  ]);
  expect(await s.fleet.query('shard2', checksums)).not.toEqual([before]);
  expect((await s.run.plan()).migrations).toEqual([]);
  await s.write('SELECT 1');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await rm(`${s.fleet.dir}/migrations/R__titles.sql`);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

test('one that fails, or of which a verify part does not hold, stays as it was for all, and is pending', async () => {
  await s.fleet.writeMigration('R__titles.sql', TITLES);
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO dunder_mifflin.books VALUES (1, NULL)`);
  await s.fleet.writeMigration(
    'R__titles.sql',
    `${TITLES} WHERE title <> '';\n-- Verify\nSELECT count(*) = 0 FROM books WHERE title IS NULL`,
  );
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { tenant: 'dunder_mifflin' } }] });
  expect(
    (await s.run.status({ shards: ['shard2'] })).shards[0]?.tenants.map(({ pending }) => pending),
  ).toEqual([['R__titles'], ['R__titles']]);
  await s.fleet.query('shard2', `DELETE FROM dunder_mifflin.books`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('for a shard and for the veneers as well, behind all others, by name', async () => {
  const { mkdir } = await import('node:fs/promises');
  for (const scope of ['shard', 'veneer']) await mkdir(`${s.fleet.dir}/migrations/${scope}`);
  await s.fleet.writeMigration('R__titles.sql', TITLES);
  await s.fleet.writeMigration('shard/R__a.sql', 'CREATE OR REPLACE VIEW public.one AS SELECT 1 AS one');
  await s.fleet.writeMigration(
    'veneer/R__z.sql',
    'CREATE OR REPLACE VIEW public.all_titles AS SELECT title FROM initech.titles',
  );
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  await s.write(BOOKS);
  expect((await s.run.plan()).migrations.map(({ migration }) => migration)).toEqual([
    '0001_change',
    'shard/R__a',
    'R__titles',
    'veneer/R__z',
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await s.fleet.writeMigration(
    'veneer/R__z.sql',
    'CREATE OR REPLACE VIEW public.all_titles AS SELECT title FROM initech.titles UNION ALL SELECT title FROM bluth_co.titles',
  );
  expect((await s.run.plan()).groups).toEqual([
    { scope: 'veneer', subjects: ['veneer'], pending: ['veneer/R__z'] },
  ]);
  expect(await s.run.up({ protocol: 'lock-step' })).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

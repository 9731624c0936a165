import { expect, test } from '@jest/globals';
import type { StatusReport } from '../../src/report/status.js';
import { reportText } from '../../src/render/report-text.js';
import { styleFor } from '../../src/render/blocks/style.js';
import { commandsOn } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { backup } from '../support/restore.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { veneerDrift } from '../support/veneer-drift.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id serial PRIMARY KEY, title text NOT NULL, price numeric(10,2) DEFAULT 0);
  CREATE INDEX by_title ON books (title); CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1`;

const siblingsOf = ({ drift }: StatusReport): unknown[] =>
  drift
    .filter(({ kind }) => kind.endsWith('tenant') || kind === 'shard behind')
    .map(({ kind, grade, object, text }) => [kind, grade, object, text]);

const odd = async (sql: string): Promise<unknown[]> => {
  await s.fleet.query('shard3', sql);
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 11, siblings: { alike: 3, behind: 0, odd: 1, absent: 0 } });
  const [found] = siblingsOf(report) as [string, string, string, string][];
  expect(found).toMatchObject(['odd tenant', expect.anything(), 'tenant initech', expect.anything()]);
  return [found?.[1], found?.[3].replace('not like bluth_co, which has the same migrations: ', '')];
};

test('a tenant whose shape is not that of its siblings is odd, with what differs and what that means', async () => {
  await s.start(BOOKS);
  expect(await s.run.status()).toMatchObject({ drift: [], siblings: { alike: 4, odd: 0, unread: 0 } });
  expect(await odd('DROP INDEX initech.by_title')).toEqual([
    'cosmetic',
    'index books.by_title is missing (CREATE INDEX by_title ON books USING btree (title))',
  ]);
  expect(
    await odd('CREATE INDEX by_title ON initech.books (title); CREATE TABLE initech.more (id int, t text)'),
  ).toEqual([
    // prettier-ignore
    'invisible',
    'table more is one more',
  ]);
  expect(await odd('DROP TABLE initech.more; ALTER TABLE initech.books ALTER title DROP NOT NULL')).toEqual([
    'writes break',
    'column books.title is text instead of text NOT NULL',
  ]);
  expect(
    await odd('ALTER TABLE initech.books ALTER title SET NOT NULL, ALTER price TYPE numeric(10,1)'),
  ).toEqual([
    // prettier-ignore
    'wrong answers',
    'column books.price is numeric(10,1) DEFAULT 0 instead of numeric(10,2) DEFAULT 0',
  ]);
  expect(await odd('ALTER TABLE initech.books DROP price, ADD n int NOT NULL DEFAULT 1')).toEqual([
    'error',
    'column books.n is one more (integer NOT NULL DEFAULT 1); column books.price is missing (numeric(10,2) DEFAULT 0)',
  ]);
  await s.run.sync();
  expect(veneerDrift(await s.run.status())).toEqual([]);
  const selected = await s.run.status({ tenants: ['cyberdyne'] });
  expect(selected).toMatchObject({ drift: [], exitCode: 0, siblings: { alike: 1, odd: 0 } });
  expect(await s.run.status({ tenants: ['initech'] })).toMatchObject({ siblings: { alike: 0, odd: 1 } });
  await s.fleet.query('shard3', 'ALTER TABLE initech.books DROP n, ADD price numeric(10,2) DEFAULT 0');
  await s.run.sync();
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a tenant that is only behind is not odd; behind, too, it can be odd among those that are behind', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.run.up({ shards: ['shard1'] });
  const behind = await s.run.status();
  expect(behind).toMatchObject({ drift: [], exitCode: 10, siblings: { alike: 1, behind: 3, odd: 0 } });
  expect(reportText(behind, styleFor(false))).toContain('\ntenants: 1 alike, 3 behind\n');
  await s.fleet.query('shard2', 'DROP FUNCTION cyberdyne.one()');
  const report = await s.run.status();
  expect(report.siblings).toMatchObject({ alike: 1, behind: 2, odd: 1 });
  expect(siblingsOf(report)).toEqual([
    ['odd tenant', 'error', 'tenant cyberdyne', expect.stringMatching(/dunder_mifflin.*: function one\(\) is missing$/)], // prettier-ignore
  ]);
});

test('where no shape is that of most, all are odd, and the same difference is told once', async () => {
  await s.start('CREATE TABLE books (id int); CREATE TABLE authors (id int)');
  await s.fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD n int; ALTER TABLE dunder_mifflin.books ADD n int'); // prettier-ignore
  await s.run.sync();
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 11, next: 'migrate status', siblings: { alike: 0, odd: 4 } });
  const text = reportText(report, styleFor(false));
  expect(text).toContain('column books.n is one more (integer)');
  expect(text).toContain('the same in 1 more tenant: dunder_mifflin');
  expect(text).toContain('the same in 1 more tenant: initech');
  expect(report.drift.map(({ differences }) => differences?.length)).toEqual([1, 1, 1, 1]);
});

test('a tenant that the ledger tells of, and that is not there, is absent', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('shard3', 'DROP TABLE initech.books');
  await s.fleet.query('shard2', 'DROP SCHEMA cyberdyne CASCADE');
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 11, siblings: { alike: 2, odd: 0, absent: 2 } });
  expect(siblingsOf(report)).toEqual([
    ['absent tenant', 'error', 'tenant cyberdyne', 'its ledger tells of 1 migration, and there is no schema cyberdyne'], // prettier-ignore
    ['absent tenant', 'error', 'tenant initech', 'its ledger tells of 1 migration, and nothing is in the schema initech'], // prettier-ignore
  ]);
  // As its cure says.
  await s.fleet.query('shard2', `DELETE FROM pgveneer.ledger WHERE tenant = 'cyberdyne'`);
  await s.fleet.query('shard3', `DELETE FROM pgveneer.ledger WHERE tenant = 'initech'`);
  await s.run.setup();
  await s.run.sync();
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('migrations that leave nothing in a schema leave nothing in any, and that is believed', async () => {
  await s.start('SELECT 1');
  await s.write('CREATE TABLE books (id int)');
  await s.run.up({ shards: ['shard1'] });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 10, siblings: { absent: 0 } });
});

test('a shard that was restored from a backup is behind what the history tells of it', async () => {
  await s.start('CREATE TABLE books (id int)');
  const restore = await backup(s.fleet, 'shard2');
  await s.migrate('ALTER TABLE books ADD COLUMN isbn text');
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  await restore();
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 11, siblings: { alike: 2, behind: 2, odd: 0 } });
  expect(siblingsOf(report)).toEqual([
    ['shard behind', 'wrong answers', 'shard shard2', expect.stringMatching(/^the history tells that 0002_change was committed there on 20/)], // prettier-ignore
  ]);
  // As its cure says, where the loss is accepted.
  await s.run.sync();
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('what was taken down, or done again, is no shard behind', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.migrate('-- Up Migration\nALTER TABLE books ADD COLUMN isbn text;\n-- Down Migration\nALTER TABLE books DROP COLUMN isbn;'); // prettier-ignore
  await s.fleet.writeMigration('R__view.sql', 'CREATE OR REPLACE VIEW shelf AS SELECT id FROM books');
  await s.run.up();
  expect(await s.run.redo({ tenants: ['cyberdyne'] })).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  expect(await s.run.down({ limit: { kind: 'count', count: 1 } })).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 10 });
});

test('a shard whose tenants come and go is not behind', async () => {
  await s.start('CREATE TABLE books (id int)');
  const tenant = { shard: 'shard2', dryRun: false };
  expect(await s.run.tenant({ action: 'add', names: ['hooli'], ...tenant })).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  for (const name of ['hooli', 'cyberdyne', 'dunder_mifflin'])
    await s.run.tenant({ action: 'drop', name, yes: true, ...tenant });
  expect(await s.fleet.query('shard2', 'SELECT FROM pgveneer.ledger')).toEqual([]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a fleet without veneers compares its tenants, too', async () => {
  const fleet = await freshFleet({
    config: (name) => bookstoreYaml(name).replace(/veneers:\n {2}veneer:\n.*\n/, ''),
  });
  try {
    const run = commandsOn(fleet);
    await run.setup();
    await fleet.writeMigration('1_books.sql', BOOKS);
    await run.up();
    await fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD UNIQUE (title)');
    const report = await run.status();
    expect(report).toMatchObject({ exitCode: 11, siblings: { alike: 3, odd: 1 }, next: 'migrate status' });
    expect(siblingsOf(report)).toMatchObject([
      ['odd tenant', 'writes break', 'tenant bluth_co', expect.stringContaining('UNIQUE (title)')],
    ]);
  } catch (error) {
    await fleet.close();
    throw error;
  }
  await fleet.close();
});

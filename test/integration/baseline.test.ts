import { expect, test } from '@jest/globals';
import { loopNodePgMigrate, TENANTS_BY_SHARD } from '../support/loop-node-pg-migrate.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const FIRST = '20260105090000000_create-authors';
const SECOND = '20260105093000000_create-books';

/** A fleet as a loop over node-pg-migrate leaves it: two migrations are applied everywhere. */
async function running(): Promise<void> {
  await s.fleet.writeMigration(
    `${FIRST}.sql`,
    'CREATE TABLE authors (id serial PRIMARY KEY, name text NOT NULL);',
  );
  await s.fleet.writeMigration(
    `${SECOND}.sql`,
    '-- Up Migration\nCREATE TABLE books (id int PRIMARY KEY, author int REFERENCES authors);\n-- Down Migration\nDROP TABLE books;',
  );
  await loopNodePgMigrate(s.fleet);
}

const ledger = async (shard: string): Promise<unknown[]> =>
  (
    await s.fleet.query(shard, 'SELECT tenant, migration FROM pgveneer.ledger ORDER BY tenant, migration')
  ).map(({ tenant, migration }) => `${String(tenant)} ${String(migration)}`);

test('what node-pg-migrate applied is shown first, then recorded, and never run again', async () => {
  await running();
  const shown = await s.run.baseline();
  expect(shown).toMatchObject({ exitCode: 0, dryRun: true, problems: [], next: 'migrate baseline --yes' });
  expect(shown.tenants).toHaveLength(4);
  for (const tenant of shown.tenants)
    expect(tenant).toMatchObject({ state: 'to record', migrations: [FIRST, SECOND], pending: [] });
  expect(await s.fleet.query('shard1', `SELECT to_regclass('pgveneer.ledger') AS t`)).toEqual([{ t: null }]);
  await expect(s.run.baseline({ yes: true })).rejects.toMatchObject({ facts: { hint: 'migrate setup' } });
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.baseline({ yes: true })).toMatchObject({ exitCode: 0, next: 'migrate status' });
  for (const [shard, tenants] of Object.entries(TENANTS_BY_SHARD))
    expect(await ledger(shard)).toEqual(
      tenants.flatMap((tenant) => [`${tenant} ${FIRST}`, `${tenant} ${SECOND}`]),
    );
  expect((await s.run.baseline()).tenants.map(({ state }) => state)).toEqual(
    Array(4).fill('nothing to record'),
  );
  await s.fleet.writeMigration('20260106000000000_isbn.sql', 'ALTER TABLE books ADD COLUMN isbn text');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

test('a person is shown what would be recorded, and asked: yes records exactly that, anything else nothing', async () => {
  await running();
  await s.run.setup();
  const asked: string[][] = [];
  const answering = (answer: boolean) =>
    s.runWith({
      confirm: async (lines) => {
        asked.push([...lines]);
        return answer;
      },
    });
  expect(await answering(false).baseline()).toMatchObject({
    exitCode: 0,
    dryRun: true,
    next: 'migrate baseline --yes',
  });
  expect(await ledger('shard2')).toEqual([]);
  const report = await answering(true).baseline();
  expect(report).toMatchObject({ exitCode: 0, dryRun: false, next: 'migrate status' });
  expect(report.tenants.map(({ state }) => state)).toEqual(Array(4).fill('recorded'));
  expect(await ledger('shard2')).toHaveLength(4);
  const lines = ['shard1, bluth_co', 'shard2, cyberdyne, dunder_mifflin', 'shard3, initech'].map(
    (who) => `${who}: 2 recorded as applied, not run: ${FIRST}, ${SECOND}`,
  );
  const question = [...lines, 'Record it?'];
  expect(asked).toEqual([question, question]);
});

test('nobody is asked where nothing is to be recorded, or something is refused', async () => {
  await running();
  await s.run.setup();
  const run = s.runWith({ confirm: () => Promise.reject(new Error('asked')) });
  await s.fleet.query('shard3', 'ALTER TABLE initech.books ADD COLUMN odd int');
  expect(await run.baseline()).toMatchObject({ exitCode: 20 });
  await s.fleet.query('shard3', 'ALTER TABLE initech.books DROP COLUMN odd');
  expect(await s.run.baseline({ yes: true })).toMatchObject({ exitCode: 0 });
  expect(await run.baseline()).toMatchObject({ exitCode: 0, next: 'migrate status' });
});

test('what moved between question and answer is not recorded', async () => {
  await running();
  await s.run.setup();
  const run = s.runWith({
    confirm: async () => {
      await s.fleet.query(
        'shard1',
        `DELETE FROM bluth_co.pgmigrations WHERE name = '${SECOND}'; DROP TABLE bluth_co.books`,
      );
      return true;
    },
  });
  await expect(run.baseline()).rejects.toMatchObject({
    message: 'the fleet moved while the question stood: nothing was recorded',
    facts: { exitCode: 20 },
  });
  for (const shard of ['shard1', 'shard2', 'shard3']) expect(await ledger(shard)).toEqual([]);
});

test('a tenant whose tables are not those of its siblings is refused, with what differs, and nothing is recorded', async () => {
  await running();
  await s.run.setup();
  await s.fleet.query('shard2', 'ALTER TABLE dunder_mifflin.books ALTER COLUMN author SET NOT NULL');
  for (const yes of [false, true]) {
    const report = await s.run.baseline({ yes });
    expect(report).toMatchObject({
      exitCode: 20,
      problems: [
        {
          where: { member: 'shard2', tenant: 'dunder_mifflin' },
          detail: 'column books.author is integer NOT NULL instead of integer',
        },
      ],
    });
    expect(report.tenants.filter(({ state }) => state === 'refused').map(({ tenant }) => tenant)).toEqual([
      'dunder_mifflin',
    ]);
  }
  expect(await ledger('shard1')).toEqual([]);
  await expect(s.run.baseline({ tenants: ['dunder_mifflin'] })).resolves.toMatchObject({ exitCode: 20 });
  const rest = await s.run.baseline({ yes: true, exceptTenants: ['dunder*'] });
  expect(rest).toMatchObject({ exitCode: 0 });
  expect(await ledger('shard2')).toEqual([`cyberdyne ${FIRST}`, `cyberdyne ${SECOND}`]);
});

test('tenants at different places are adopted each where it is, and catch up', async () => {
  await running();
  await s.fleet.query(
    'shard3',
    `DROP TABLE initech.books; DELETE FROM initech.pgmigrations WHERE name = '${SECOND}'`,
  );
  await s.run.setup();
  const report = await s.run.baseline({ yes: true });
  expect(report.tenants.at(-1)).toMatchObject({ tenant: 'initech', migrations: [FIRST], pending: [SECOND] });
  expect(report).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

test('a record without a file is refused; a file without a record is told where it sorts before one', async () => {
  await running();
  await s.fleet.query('shard1', `INSERT INTO bluth_co.pgmigrations (name, run_on) VALUES ('2_gone', now())`);
  await s.fleet.writeMigration('20260105091500000_between.sql', 'SELECT 1');
  const report = await s.run.baseline();
  expect(report.problems).toMatchObject([
    {
      message: '2_gone is recorded in pgmigrations, but has no file here (bluth_co)',
      where: { tenant: 'bluth_co' },
    },
  ]);
  expect(report.notices).toEqual([
    expect.stringMatching(/^20260105091500000_between was not applied, and sorts before .* and 1 more\)$/),
  ]);
});

test('tables without records are refused, an empty tenant is not; --to records them up to a name', async () => {
  await running();
  await s.run.setup();
  await s.fleet.query('shard1', 'DROP TABLE bluth_co.pgmigrations');
  await s.fleet.query('shard3', 'DROP TABLE initech.pgmigrations, initech.books, initech.authors');
  const report = await s.run.baseline();
  expect(report.problems).toMatchObject([{ message: 'there are tables, but no pgmigrations (bluth_co)' }]);
  expect(report.tenants.at(-1)).toMatchObject({ state: 'nothing to record', pending: [FIRST, SECOND] });
  await s.run.baseline({ yes: true, shards: ['shard2'] });
  const source = { kind: 'to', name: SECOND } as const;
  const wrong = await s.run.baseline({ source, tenants: ['initech'], yes: true });
  expect(wrong).toMatchObject({ exitCode: 20, problems: [{ where: { tenant: 'initech' } }] });
  expect(await s.run.baseline({ source, tenants: ['bluth_co'], yes: true })).toMatchObject({ exitCode: 0 });
  expect(await ledger('shard1')).toEqual([`bluth_co ${FIRST}`, `bluth_co ${SECOND}`]);
  await expect(s.run.baseline({ source: { kind: 'to', name: 'nothing' } })).rejects.toMatchObject({
    facts: { exitCode: 64 },
  });
});

test('while node-pg-migrate is at work on a shard nothing is recorded there', async () => {
  await running();
  await s.run.setup();
  const client = await s.fleet.connect('shard1');
  await client.query('SELECT pg_advisory_lock(7241865325823964)');
  await expect(s.run.baseline({ yes: true })).rejects.toMatchObject({
    message: 'node-pg-migrate is at work on shard1',
  });
  expect(await ledger('shard3')).toEqual([]);
  await client.query('SELECT pg_advisory_unlock_all()');
  expect(await s.run.baseline({ yes: true })).toMatchObject({ exitCode: 0 });
});

test("Flyway's records are adopted: by script or version, without what was undone or repeatable", async () => {
  await running();
  await s.run.setup();
  await s.fleet.writeMigration('3__third.sql', 'SELECT 1');
  for (const [shard, tenants] of Object.entries(TENANTS_BY_SHARD))
    for (const tenant of tenants)
      await s.fleet.query(
        shard,
        `CREATE TABLE ${tenant}.flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), type varchar(20), script varchar(1000), success boolean);
         INSERT INTO ${tenant}.flyway_schema_history VALUES
           (0, NULL, 'SCHEMA', '"x"', true), (1, '20260105090000000', 'SQL', 'V20260105090000000__Create.sql', true),
           (2, '3', 'SQL', 'V3__third.sql', true), (3, '${SECOND.slice(0, 17)}', 'SQL', 'V2.sql', true),
           (4, '${SECOND.slice(0, 17)}', 'UNDO_SQL', 'U2.sql', true), (5, NULL, 'SQL', 'R__views.sql', true)`,
      );
  const source = { kind: 'flyway', table: null } as const;
  const report = await s.run.baseline({ source });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.tenants[0]).toMatchObject({ migrations: ['3__third', FIRST], pending: [SECOND] });
  await s.fleet.query(
    'shard1',
    `UPDATE bluth_co.flyway_schema_history SET success = false WHERE version = '3'`,
  );
  expect(await s.run.baseline({ source })).toMatchObject({
    exitCode: 20,
    problems: [{ message: 'V3__third.sql failed, as flyway_schema_history says (bluth_co)' }],
  });
});

test('a veneer made by hand with IMPORT is adopted by status, setup and sync; its foreign tables stay', async () => {
  await running();
  const owner = await s.fleet.connect('veneer', 'superuser');
  const config = await s.run.config();
  for (const { server, tenants, userMappings } of config.shards) {
    const options = Object.entries(server.options).map(([name, value]) => `${name} '${value}'`);
    await owner.query(
      `RESET ROLE; CREATE EXTENSION IF NOT EXISTS postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO veneer_admin;
       GRANT ALL ON DATABASE ${s.fleet.database} TO veneer_admin; SET ROLE veneer_admin; CREATE SERVER ${server.name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${options.join(', ')});`,
    );
    const admin = userMappings.find(({ role }) => role === 'veneer_admin');
    await owner.query(
      `CREATE USER MAPPING FOR veneer_admin SERVER ${server.name} OPTIONS (user '${admin?.user}', password '${admin?.password?.reveal()}')`,
    );
    for (const { schema } of tenants)
      await owner.query(
        `CREATE SCHEMA ${schema}; IMPORT FOREIGN SCHEMA ${schema} FROM SERVER ${server.name} INTO ${schema}`,
      );
  }
  await owner.query(
    `SET ROLE veneer_admin; CREATE VIEW initech.titles AS SELECT id FROM initech.books; ALTER FOREIGN TABLE bluth_co.books DROP COLUMN author`,
  );
  const oids = (): Promise<unknown[]> =>
    s.fleet.query(
      'veneer',
      `SELECT oid::text, relname FROM pg_class WHERE relkind IN ('f', 'v') AND relnamespace <> 'pg_catalog'::regnamespace AND relname ~ 'books|authors|titles' ORDER BY oid`,
    );
  const before = await oids();
  const seen = await s.run.status();
  expect(seen.drift).toContainEqual(
    expect.objectContaining({
      kind: 'missing column',
      where: expect.objectContaining({ tenant: 'bluth_co' }),
    }),
  );
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.baseline({ yes: true })).toMatchObject({ exitCode: 0 });
  const synced = await s.run.sync();
  expect(synced).toMatchObject({ exitCode: 0 });
  expect(synced.veneers[0]?.statements).toEqual([expect.stringContaining('ADD COLUMN "author"')]);
  expect(await oids()).toEqual(before);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

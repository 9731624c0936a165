import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { shardStates } from '../support/outcomes.js';

const s = scenario();

/** Which migrations each tenant has, by shard, as the ledgers say. */
async function applied(): Promise<Record<string, string>> {
  const rows = await Promise.all(
    ['shard1', 'shard2', 'shard3'].map((shard) =>
      s.fleet.query(
        shard,
        `SELECT tenant, string_agg(left(migration, 4), ' ' ORDER BY migration) AS names FROM pgveneer.ledger GROUP BY tenant`,
      ),
    ),
  );
  return Object.fromEntries(rows.flat().map(({ tenant, names }) => [tenant, names as string]));
}

async function threeMigrations(): Promise<void> {
  await s.run.setup();
  await s.write('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  await s.write('CREATE TABLE authors (id int)');
}

test('up N applies the next N migrations, then up the rest, then there is nothing to do', async () => {
  await threeMigrations();
  expect(await s.run.up({ limit: { kind: 'count', count: 1 } })).toMatchObject({ exitCode: 0 });
  expect(await applied()).toEqual({
    bluth_co: '0001',
    cyberdyne: '0001',
    dunder_mifflin: '0001',
    initech: '0001',
  });
  const rest = await s.run.up();
  expect(rest.shards.map(({ steps }) => steps.length)).toEqual([2, 2, 2]);
  const none = await s.run.up();
  expect(none).toMatchObject({ exitCode: 0, next: null, problems: [] });
  expect(shardStates(none)).toEqual(['shard1: up to date', 'shard2: up to date', 'shard3: up to date']);
  await assertLikeImport(s.fleet);
});

test('--to goes up to and including a migration, and refuses a name that is none', async () => {
  await threeMigrations();
  await s.run.up({ limit: { kind: 'to', name: '0002_change' } });
  expect((await applied())['initech']).toBe('0001 0002');
  await expect(s.run.up({ limit: { kind: 'to', name: '0009_change' } })).rejects.toMatchObject({
    message: 'no migration is called 0009_change',
    facts: { exitCode: 64, hint: expect.stringContaining('0003_change') },
  });
});

test('--shard and --tenant select by glob; what was left out catches up', async () => {
  await threeMigrations();
  expect(
    shardStates(await s.run.up({ shards: ['*3', 'sh?rd2'], tenants: ['*_mifflin', 'initech'] })),
  ).toEqual(['shard2: done', 'shard3: done']);
  expect(await applied()).toEqual({ dunder_mifflin: '0001 0002 0003', initech: '0001 0002 0003' });
  await expect(s.run.up({ tenants: ['nobody'] })).rejects.toMatchObject({
    message: 'no tenant of this fleet matches nobody',
    facts: { exitCode: 64 },
  });
  expect(shardStates(await s.run.up())).toEqual(['shard1: done', 'shard2: done', 'shard3: up to date']);
});

test('a tenant that lags catches up, its sibling on the shard is left alone', async () => {
  await threeMigrations();
  await s.run.up({ tenants: ['cyber*'], limit: { kind: 'count', count: 2 } });
  await s.run.up({ shards: ['shard2'], tenants: ['dunder_mifflin'], limit: { kind: 'count', count: 1 } });
  expect(await applied()).toEqual({ cyberdyne: '0001 0002', dunder_mifflin: '0001' });
  const report = await s.run.up();
  expect(report.shards[1]?.steps.map(({ migration, tenants }) => [migration, tenants])).toEqual([
    ['0002_change', ['dunder_mifflin']],
    ['0003_change', ['cyberdyne', 'dunder_mifflin']],
  ]);
  expect(new Set(Object.values(await applied()))).toEqual(new Set(['0001 0002 0003']));
  await assertLikeImport(s.fleet);
});

test('--dry-run lists the statements, with the rights of a reader, before setup too, and writes nothing', async () => {
  await s.write(`CREATE TABLE books (id int); INSERT INTO books VALUES (1)`);
  const early = await s.run.up({ dryRun: true });
  expect(early).toMatchObject({ exitCode: 0, run: null, next: 'migrate setup' });
  expect(early.notices).toContain('shard1 has no schema bluth_co for tenant bluth_co');
  await s.run.setup();
  const planned = await s.run.up({ dryRun: true, shards: ['shard2'] });
  expect(planned).toMatchObject({ exitCode: 0, dryRun: true, next: 'migrate up', notices: [] });
  expect(planned.shards).toMatchObject([
    {
      shard: 'shard2',
      state: 'not started',
      steps: [
        {
          state: 'planned',
          tenants: ['cyberdyne', 'dunder_mifflin'],
          statements: ['CREATE TABLE books (id int)', 'INSERT INTO books VALUES (1)'],
        },
      ],
    },
  ]);
  expect(await applied()).toEqual({});
  expect(await s.fleet.query('shard2', `SELECT to_regclass('cyberdyne.books') AS t`)).toEqual([{ t: null }]);
});

test('the tenants of a shard share one transaction, and their veneer another, and both commit together', async () => {
  await threeMigrations();
  await s.run.up();
  const perMigration = await s.fleet.query(
    'shard2',
    `SELECT migration, count(*)::int AS tenants, count(DISTINCT xmin::text)::int AS transactions
       FROM pgveneer.ledger GROUP BY migration ORDER BY migration`,
  );
  expect(perMigration).toEqual(
    ['0001', '0002', '0003'].map((number) => ({
      migration: `${number}_change`,
      tenants: 2,
      transactions: 1,
    })),
  );
  const shown = await s.fleet.query(
    'veneer',
    `SELECT count(DISTINCT xmin::text)::int AS transactions FROM pg_class
      WHERE relname = 'authors' AND relnamespace::regnamespace::text IN ('cyberdyne', 'dunder_mifflin')`,
  );
  expect(shown).toEqual([{ transactions: 1 }]);
});

test('canary shards go first, through all of theirs; --canary ends there', async () => {
  await threeMigrations();
  const report = await s.run.up({ canary: true });
  expect(shardStates(report)).toEqual(['shard1: done', 'shard2: not started', 'shard3: not started']);
  expect(report).toMatchObject({ exitCode: 0, next: 'migrate up' });
  await s.run.up();
  const order = s.run.events.flatMap((event) => (event.type === 'shard ended' ? [event.shard] : []));
  expect(order.slice(3)[0]).toBe('shard1');
  expect((await applied())['initech']).toBe('0001 0002 0003');
});

test('a migration that names the schema of another tenant takes its foreign tables along', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE dunder_mifflin.books ADD COLUMN title text');
  const report = await s.run.up({ tenants: ['cyberdyne'] });
  expect(report.shards[0]?.steps[0]?.veneerStatements['veneer']).toEqual([
    `ALTER FOREIGN TABLE "dunder_mifflin"."books" ADD COLUMN "title" text OPTIONS (column_name 'title')`,
  ]);
  expect(veneerDrift(await s.run.status())).toEqual([]);
});

import { beforeEach, expect, test } from '@jest/globals';
import { useBookstore } from '../support/commands.js';
import { loseSessions } from '../support/lose-sessions.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

beforeEach(async () => {
  await useBookstore(s.fleet);
  await s.run.setup();
});

test('--atomic fleet: every migration is one step over all shards', async () => {
  const report = await s.run.up({ atomic: 'fleet' });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.shards.map((shard) => shard.state)).toEqual(['done', 'done', 'done']);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3']) {
    expect(await s.fleet.query(member, 'SELECT * FROM pgveneer.step')).toEqual([]);
  }
});

test('--atomic fleet: a database is one participant, however many shards a veneer shows', async () => {
  const taking: string[][] = [];
  const watching = s.runWith({
    at: async (point) => {
      if (point !== 'after intent') return;
      const rows = await s.fleet.query(
        'veneer',
        `SELECT p->>'role' AS role, p->>'member' AS member
           FROM pgveneer.intent, jsonb_array_elements(participants) AS p`,
      );
      taking.push(rows.map(({ role, member }) => `${String(role)} ${String(member)}`));
    },
  });
  const first = await watching.up({ atomic: 'fleet', limit: { kind: 'count', count: 1 } });
  expect(first).toMatchObject({ exitCode: 0 });
  expect(taking).toEqual([['shard shard1', 'shard shard2', 'shard shard3', 'veneer veneer']]);
});

test('--atomic fleet: what fails on one shard is on none', async () => {
  await s.run.up();
  await s.fleet.query('shard3', 'ALTER TABLE initech.books ADD COLUMN pages int');
  await s.fleet.writeMigration('20270101000000000_pages.sql', 'ALTER TABLE books ADD COLUMN pages int;');
  const report = await s.run.up({ atomic: 'fleet' });
  expect(report.exitCode).toBe(20);
  expect(report.problems[0]?.where).toMatchObject({ tenant: 'initech' });
  const rows = await Promise.all(
    ['shard1', 'shard2', 'shard3'].map((shard) =>
      s.fleet.query(shard, "SELECT 1 FROM pgveneer.ledger WHERE migration LIKE '2027%'"),
    ),
  );
  expect(rows.flat()).toEqual([]);
});

test('--atomic fleet: a shard that refuses to prepare rolls all the others back', async () => {
  await s.run.up();
  await s.fleet.writeMigration('20270101000000000_pages.sql', 'ALTER TABLE books ADD COLUMN pages int;');
  const blocked = s.runWith({
    at: async (point) => {
      if (point === 'before prepare:shard2') await loseSessions(s.fleet, ['shard2'], 'in transaction');
    },
  });
  const report = await blocked.up({ atomic: 'fleet' });
  expect(report.shards.map((shard) => shard.state)).toEqual(['failed', 'failed', 'failed']);
  expect(await s.run.status()).toMatchObject({ inDoubt: [], drift: [], exitCode: 10 });
  expect(await s.run.up({ atomic: 'fleet' })).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

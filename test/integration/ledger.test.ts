import { expect, test } from '@jest/globals';
import { loopNodePgMigrate } from '../support/loop-node-pg-migrate.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS =
  '-- Up Migration\nCREATE TABLE books (id int PRIMARY KEY);\n-- Down Migration\nDROP TABLE books;\n';

test('an edited migration is accepted for those who have it, and up goes on', async () => {
  await s.start(BOOKS);
  await s.fleet.writeMigration('0001_change.sql', `-- a remark\n${BOOKS}`);
  expect(await s.run.up()).toMatchObject({ exitCode: 20 });
  const action = { kind: 'accept', migration: '0001_change' } as const;
  const shown = await s.run.ledger(action, { yes: false });
  expect(shown).toMatchObject({ dryRun: true, next: 'migrate ledger --yes' });
  expect(shown.changes).toEqual([
    { member: 'shard1', subjects: ['bluth_co'], migrations: ['0001_change'], state: 'to write' },
    {
      member: 'shard2',
      subjects: ['cyberdyne', 'dunder_mifflin'],
      migrations: ['0001_change'],
      state: 'to write',
    },
    { member: 'shard3', subjects: ['initech'], migrations: ['0001_change'], state: 'to write' },
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 20 });
  await s.run.ledger(action, { tenants: ['cyberdyne', 'bluth_co', 'initech'] });
  expect(await s.run.up()).toMatchObject({
    exitCode: 20,
    problems: [{ message: '0001_change was edited after it was applied (dunder_mifflin)' }],
  });
  expect(await s.run.ledger(action)).toMatchObject({ exitCode: 0, changes: [{ member: 'shard2' }] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  expect(await s.run.ledger(action)).toMatchObject({ changes: [], next: null });
  await expect(s.run.ledger({ kind: 'accept', migration: 'x' })).rejects.toMatchObject({
    facts: { exitCode: 64 },
  });
});

test('what is exported is what node-pg-migrate goes on from: nothing again, the next one, and back', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.run.up();
  const shown = await s.run.ledger({ kind: 'export', table: null }, { yes: false });
  expect(shown.changes[0]).toMatchObject({
    subjects: ['bluth_co'],
    migrations: ['0001_change', '0002_change'],
  });
  const there = `SELECT to_regclass('initech.pgmigrations') AS found`;
  expect(await s.fleet.query('shard3', there)).toEqual([{ found: null }]);
  const old = await s.fleet.connect('shard1');
  await old.query('SELECT pg_advisory_lock(7241865325823964)');
  await expect(s.run.ledger({ kind: 'export', table: null })).rejects.toMatchObject({
    message: 'node-pg-migrate is at work on shard1',
  });
  await old.query('SELECT pg_advisory_unlock_all()');
  expect(await s.run.ledger({ kind: 'export', table: null })).toMatchObject({ exitCode: 0 });
  expect(await loopNodePgMigrate(s.fleet)).toEqual([]);
  await s.write('ALTER TABLE books ADD COLUMN title text');
  expect(await loopNodePgMigrate(s.fleet)).toHaveLength(4);
  expect(await s.run.ledger({ kind: 'export', table: null })).toMatchObject({ changes: [] });
  expect(await s.run.baseline({ yes: true })).toMatchObject({ exitCode: 0 });
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

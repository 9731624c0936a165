import { beforeEach, expect, test } from '@jest/globals';
import { useBookstore } from '../support/commands.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

beforeEach(async () => {
  await useBookstore(s.fleet);
});

test('status works before setup, and says what to type', async () => {
  const report = await s.run.status();
  expect(report.problems).toEqual([]);
  expect(report.shards.flatMap((shard) => shard.tenants.map((tenant) => tenant.applied))).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(report).toMatchObject({ exitCode: 11, next: 'migrate setup' });
});

test('a column added by hand is found, its consequence told, and cured by sync', async () => {
  await s.run.setup();
  await s.run.up();
  expect(await s.run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0, next: null });
  await s.fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD COLUMN isbn text');
  const found = await s.run.status();
  expect(found).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  expect(veneerDrift(found)).toMatchObject([
    {
      kind: 'missing column',
      grade: 'invisible',
      object: 'cyberdyne.books.isbn',
      where: { tenant: 'cyberdyne' },
    },
  ]);
  const repaired = await s.run.sync();
  expect(repaired).toMatchObject({ exitCode: 0, veneers: [{ state: 'repaired' }] });
  expect(veneerDrift(await s.run.status())).toEqual([]);
  await s.fleet.query('veneer', 'SELECT isbn FROM cyberdyne.books', 'app');
  expect(await s.run.sync()).toMatchObject({ veneers: [{ state: 'in line', statements: [] }] });
});

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, useBookstore, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { veneerDrift } from '../support/veneer-drift.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let run: Commands;

beforeEach(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  await useBookstore(fleet);
});

afterEach(() => fleet.close());

test('status works before setup, and says what to type', async () => {
  const report = await run.status();
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
  await run.setup();
  await run.up();
  expect(await run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0, next: null });
  await fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD COLUMN isbn text');
  const found = await run.status();
  expect(found).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  expect(veneerDrift(found)).toMatchObject([
    {
      kind: 'missing column',
      grade: 'invisible',
      object: 'cyberdyne.books.isbn',
      where: { tenant: 'cyberdyne' },
    },
  ]);
  const repaired = await run.sync();
  expect(repaired).toMatchObject({ exitCode: 0, veneers: [{ state: 'repaired' }] });
  expect(veneerDrift(await run.status())).toEqual([]);
  await fleet.query('veneer', 'SELECT isbn FROM cyberdyne.books', 'app');
  expect(await run.sync()).toMatchObject({ veneers: [{ state: 'in line', statements: [] }] });
});

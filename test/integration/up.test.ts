import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, useBookstore, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;
let run: Commands;

beforeEach(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
});

afterEach(() => fleet.close());

test('the bookstore is set up, migrated and readable through the veneer', async () => {
  await useBookstore(fleet);
  const setup = await run.setup();
  expect(setup).toMatchObject({ problems: [], exitCode: 0 });
  const report = await run.up();
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  for (const tenant of ['bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech']) {
    const [row] = await fleet.query('veneer', `SELECT count(*)::int AS books FROM ${tenant}.books`, 'app');
    expect(row).toEqual({ books: 12 });
  }
  const again = await run.up();
  expect(again.shards.map((shard) => shard.state)).toEqual(['up to date', 'up to date', 'up to date']);
});

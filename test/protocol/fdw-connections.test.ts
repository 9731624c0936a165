import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';

let fleet: OwnFleet;
let run: Commands;

/** Two roles have user mappings, so that each session on the veneer may open two connections to a shard. */
const SESSIONS = 16;

beforeAll(async () => {
  fleet = await startOwnFleet({ max_connections: '30', superuser_reserved_connections: '3' });
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
});

afterAll(() => fleet.close());

test('sessions that may ask for more connections of postgres_fdw than a shard has are told before anything runs', async () => {
  const before = await run.plan();
  expect(before.notices).toEqual([]);
  expect(before.capacity.fdw).toMatchObject(
    ['shard1', 'shard2', 'shard3'].map((shard) => ({ shards: [shard], now: 0, most: 54, connections: 27 })),
  );
  await Promise.all(Array.from({ length: SESSIONS }, () => fleet.connect('veneer', 'app')));
  const text =
    /^shard1: sessions on the veneers may open 32 connections of postgres_fdw there, and the server has room for \d+ of its 27;/;
  const planned = await run.plan();
  expect(planned.capacity.fdw).toMatchObject([{ now: 32 }, { now: 32 }, { now: 32 }]);
  expect(planned.notices[0]).toMatch(text);
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  const told = run.events.findIndex((event) => event.type === 'notice' && text.test(event.text));
  const began = run.events.findIndex(({ type }) => type === 'step');
  expect(told).toBeGreaterThanOrEqual(0);
  expect(told).toBeLessThan(began);
});

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { databaseFleet, type DatabaseFleet } from '../support/database-fleet.js';

let fleet: DatabaseFleet;

beforeEach(async () => {
  fleet = await databaseFleet({ shard1: ['bluth', 'hooli'], shard2: ['cyberdyne'] });
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int PRIMARY KEY, title text)');
});

afterEach(() => fleet.close());

test('setup, up, status, down and sync of a fleet in which each tenant has a database of its own', async () => {
  const { run } = fleet;
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect((await run.setup()).members.map(({ member, state }) => [member, state])).toEqual([
    ['shard1/bluth', 'nothing to do'],
    ['shard1/hooli', 'nothing to do'],
    ['shard2/cyberdyne', 'nothing to do'],
    ['veneer', 'nothing to do'],
  ]);
  const report = await run.up();
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(report.shards.map(({ shard, state }) => [shard, state])).toEqual([
    ['shard1/bluth', 'done'],
    ['shard1/hooli', 'done'],
    ['shard2/cyberdyne', 'done'],
  ]);
  expect(await run.status({ verify: true })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  expect(
    await fleet.query('veneer', 'SELECT tenant, shard, server, schema FROM pgveneer.tenants ORDER BY 1'),
  ).toEqual([
    { tenant: 'bluth', shard: 'shard1', server: 'bluth_server', schema: 'bluth' },
    { tenant: 'cyberdyne', shard: 'shard2', server: 'cyberdyne_server', schema: 'cyberdyne' },
    { tenant: 'hooli', shard: 'shard1', server: 'hooli_server', schema: 'hooli' },
  ]);
});

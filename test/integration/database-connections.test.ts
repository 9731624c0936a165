import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { databaseFleet, type DatabaseFleet } from '../support/database-fleet.js';

const TENANTS = ['acme', 'bluth', 'cyberdyne', 'hooli', 'initech', 'umbrella'];

let fleet: DatabaseFleet;

beforeEach(async () => {
  fleet = await databaseFleet({ shard1: TENANTS }, 'rollout: { concurrency: 2 }');
  expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

/** Backends of the run that said something in a database, from that place in its server's log on. */
async function backends(member: string, database: string, from: number): Promise<number> {
  const { logFile } = fleet.servers.find(({ name }) => name === member)!;
  const entries = (await readFile(logFile))
    .subarray(from)
    .toString()
    .split(/\n(?=\d{4}-)/);
  const ours = entries.filter((entry) => entry.includes(`db=${database} app=pgv `));
  return new Set(ours.map((entry) => /\[(\d+)\]/.exec(entry)?.[1])).size;
}

async function lengthOfLog(member: string): Promise<number> {
  const { logFile } = fleet.servers.find(({ name }) => name === member)!;
  return (await readFile(logFile)).length;
}

test('a database whose connection is lost as it is looked at keeps nobody else waiting', async () => {
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int PRIMARY KEY, title text)');
  for (const tenant of ['bluth', 'cyberdyne'])
    await fleet.in(
      tenant,
      `CREATE FUNCTION die() RETURNS bool LANGUAGE sql SECURITY DEFINER
         AS 'SELECT pg_terminate_backend(pg_backend_pid()) AND pg_sleep(10) IS NULL';
       ALTER TABLE pgveneer.step RENAME TO step_as_it_was;
       CREATE VIEW pgveneer.step AS SELECT die()::text AS fleet, '' AS step, '' AS nonce, 1 AS participant, 1 AS n;
       GRANT SELECT ON pgveneer.step TO PUBLIC`,
    );
  const { exitCode, problems } = await fleet.run.up();
  expect(exitCode).toBe(23);
  const lost = new Set(problems.map(({ where }) => where?.member));
  expect(lost).toEqual(new Set(['shard1/bluth', 'shard1/cyberdyne']));
});

test('a run over databases connects to each of them three times, and to the veneer as often as lanes run side by side', async () => {
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int PRIMARY KEY, title text)');
  await fleet.writeMigration('0002_pages.sql', 'ALTER TABLE books ADD COLUMN pages int');
  const [onShard, onVeneer] = [await lengthOfLog('shard1'), await lengthOfLog('veneer')];
  expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  // The anchor of a server's first database stays; of the others it is there to be fenced and looked at, and for the lane, which
  // finds out that new tables are empty. Beside it, the lane's.
  const each = await Promise.all(TENANTS.map((tenant) => backends('shard1', fleet.nameOf(tenant), onShard)));
  expect(each).toEqual([2, 3, 3, 3, 3, 3]);
  // Who asks for tenants on their way, the anchor, history, and two lanes, whose sessions take the statistics too.
  expect(await backends('veneer', fleet.database, onVeneer)).toBe(5);
});

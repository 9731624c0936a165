import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { killedAt } from '../support/killed-at.js';

let fleet: TestFleet;
let run: Commands;

/** Both directions count: whatever runs twice, or not at all, shows. */
beforeAll(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration(
    '1_counter.sql',
    'CREATE TABLE counter (n int); INSERT INTO counter VALUES (0);',
  );
  await fleet.writeMigration(
    '2_column.sql',
    `ALTER TABLE counter ADD COLUMN c int; UPDATE counter SET n = n + 1;
     -- Down Migration
     ALTER TABLE counter DROP COLUMN c; UPDATE counter SET n = n - 1;`,
  );
});

afterAll(() => fleet.close());

/** What the ledger says, and what tables and veneer are: for each tenant of the shard the same. */
async function readStates(): Promise<unknown> {
  const states = ['cyberdyne', 'dunder_mifflin'].map(async (tenant) => {
    const [ledger] = await fleet.query(
      'shard2',
      `SELECT count(*)::int AS applied, (SELECT n FROM ${tenant}.counter) AS n,
              (SELECT count(*)::int FROM pg_attribute WHERE attrelid = '${tenant}.counter'::regclass
                  AND attname = 'c') AS columns
         FROM pgveneer.ledger WHERE tenant = '${tenant}' AND migration = '2_column'`,
    );
    const [shown] = await fleet.query(
      'veneer',
      `SELECT count(*)::int AS columns FROM pg_attribute WHERE attrelid = '${tenant}.counter'::regclass AND attname = 'c'`,
    );
    return [ledger?.applied, ledger?.n, ledger?.columns, shown?.columns];
  });
  const [one, other] = await Promise.all(states);
  expect(one).toEqual(other);
  return one;
}

const leftOver = async (member: string): Promise<unknown[]> =>
  fleet.query(member, 'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()');

/** Counted by what is certain: before the vote nothing is gone, once a shard has committed all is. */
const POINTS: readonly (readonly [protocol: 'two-phase' | 'lock-step', point: string, gone: boolean])[] = [
  ['two-phase', 'after statements:shard2', false],
  ['two-phase', 'after intent', false],
  ['two-phase', 'after prepare:shard2', false],
  ['two-phase', 'before commit prepared:shard2', true],
  ['two-phase', 'after commit prepared:shard2', true],
  ['two-phase', 'before close', true],
  ['lock-step', 'after intent', false],
  ['lock-step', 'after commit:shard2', true],
  ['lock-step', 'after commit:veneer', true],
];

test.each(POINTS)(
  'down cut between commits (%s, %s): recovery brings all of it to one end, and a second down the fleet',
  async (protocol, point, gone) => {
    expect(await run.up({ shards: ['shard2'] })).toMatchObject({ exitCode: 0 });
    const args = ['down', '--to', '1_counter', '--yes', '--shard', 'shard2', '--protocol', protocol];
    await killedAt(fleet, args, `${point}#1`);
    expect(await run.recover()).toMatchObject({ exitCode: 0 });
    const settled = await readStates();
    // Whether the veneer had voted as well by then is the servers' affair: either end is whole.
    if (point !== 'after prepare:shard2') expect(settled).toEqual(gone ? [0, 0, 0, 0] : [1, 1, 1, 1]);
    const end = { limit: { kind: 'to', name: '1_counter' }, shards: ['shard2'] } as const;
    expect(await run.down(end)).toMatchObject({ exitCode: 0, problems: [] });
    expect(await readStates()).toEqual([0, 0, 0, 0]);
    expect([...(await leftOver('shard2')), ...(await leftOver('veneer'))]).toEqual([]);
    expect((await run.status({ shards: ['shard2'] })).drift).toEqual([]);
  },
);

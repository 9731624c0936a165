import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { problemOf, type Problem } from '../../src/errors.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { preparedIn } from '../support/leave-attempt.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';
import { expectAtRest } from '../support/at-rest.js';

/** Servers with one slot each; their fleet goes from test to test, each migration with a name of its own. */
let fleet: OwnFleet;
let run: Commands;

beforeAll(async () => {
  fleet = await startOwnFleet({ max_prepared_transactions: '1' });
  run = commandsOn(fleet);
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  await run.setup();
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterAll(() => fleet.close());

/** Runs `up` while somebody else's prepared transaction takes the member's only slot; answers what it says. */
async function upWithoutSlot(member: string): Promise<readonly Problem[]> {
  const other = await fleet.connect(member);
  await other.query(`BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'theirs'`);
  try {
    const problems = await run.up().then(
      (report) => report.problems,
      (error: unknown) => [problemOf(error)],
    );
    expect(await preparedIn(fleet)).toEqual([`${member} theirs`]);
    expect(await run.status()).toMatchObject({ drift: [], exitCode: 10 });
    return problems;
  } finally {
    await other.query(`ROLLBACK PREPARED 'theirs'`);
  }
}

test.each([
  ['veneer', '0002', 'veneer has no free slot for a prepared transaction'],
  ['shard2', '0003', 'maximum number of prepared transactions reached'],
])('slots exhausted on %s', async (member, number, message) => {
  await fleet.writeMigration(`${number}_title.sql`, `ALTER TABLE books ADD COLUMN by_${member} text`);
  expect(await upWithoutSlot(member)).toMatchObject([{ message, exitCode: 20, where: { member } }]);
  await expectAtRest(fleet, run);
});

/** The file that makes a server a standby when it starts. */
const standby = (member: string): string =>
  join(fleet.servers.find(({ name }) => name === member)!.dataDir, 'standby.signal');

test('read-only standby', async () => {
  await fleet.writeMigration('0004_pages.sql', 'ALTER TABLE books ADD COLUMN pages int');
  await fleet.stop('shard1');
  await writeFile(standby('shard1'), '');
  await fleet.start('shard1');
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 23 });
  expect(report.problems[0]).toMatchObject({
    message: 'shard1 is a read-only standby (pg_is_in_recovery)',
    where: { member: 'shard1' },
    hint: 'point its url at the primary',
  });
  await fleet.query('shard1', 'SELECT pg_promote()', 'superuser');
  await expectAtRest(fleet, run);
  await rm(standby('shard1'), { force: true });
});

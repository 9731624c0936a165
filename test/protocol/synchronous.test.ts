import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { expectAtRest } from '../support/at-rest.js';
import { preparedIn } from '../support/leave-attempt.js';
import { bookstoreYaml } from '../support/test-project.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';
import { untilSome } from '../support/until.js';

let fleet: OwnFleet;

beforeAll(async () => {
  fleet = await startOwnFleet();
  // Nobody waits longer for the standby than need be.
  await fleet.writeConfig(bookstoreYaml(fleet.name).replace('lock_hold: 30s', 'lock_hold: 1s'));
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
  await commandsOn(fleet).setup();
});

afterAll(() => fleet.close());

/** Whom a server's COMMIT waits for: a standby that is not there, or nobody. */
async function awaitStandby(member: string, names: '' | 'nobody'): Promise<void> {
  await fleet.query(member, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`, 'superuser');
  await fleet.query(member, 'SELECT pg_reload_conf()', 'superuser');
  const shown = `SELECT WHERE current_setting('synchronous_standby_names') = '${names}'`;
  await untilSome(fleet, member, shown);
}

test('a shard whose standby does not have the commit yet has not committed: its veneer waits, and follows when it has', async () => {
  const run = commandsOn(fleet, {
    at: async (point) => {
      if (point === 'before commit prepared:shard1') await awaitStandby('shard1', 'nobody');
    },
  });
  expect(await run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 22 });
  // The next leader may not have it, while here it is to be seen.
  expect(await fleet.query('shard1', 'SELECT FROM bluth_co.books')).toEqual([]);
  expect(await preparedIn(fleet)).toEqual([expect.stringMatching(/^veneer /)]);
  await awaitStandby('shard1', '');
  const next = await commandsOn(fleet).up();
  expect(next).toMatchObject({ settled: [{ ending: 'committed' }], problems: [], exitCode: 0 });
  await expectAtRest(fleet, commandsOn(fleet));
});

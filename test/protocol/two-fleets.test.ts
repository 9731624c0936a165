import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { assertLikeImport } from '../support/like-import.js';
import { preparedIn } from '../support/leave-attempt.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt } from '../support/stall-at.js';

/** As staging and production on one set of servers: databases of their own, and one name, as both have one shards.yaml. */
const config = (): string => bookstoreYaml('acme');

let fleets: readonly [TestFleet, TestFleet];

beforeEach(async () => {
  fleets = [await freshFleet({ config }), await freshFleet({ config })];
  for (const fleet of fleets) {
    await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
    await commandsOn(fleet).setup();
    expect(await commandsOn(fleet).up()).toMatchObject({ problems: [], exitCode: 0 });
    await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ADD COLUMN title text');
  }
});

afterEach(async () => {
  for (const fleet of fleets) await fleet.close();
});

test('two fleets on one server', async () => {
  const [one, other] = fleets;
  const old = stallAt('before commit prepared:veneer', ['after commit prepared:shard1']);
  const report = commandsOn(one, { at: old.at }).up({ shards: ['shard1'] });
  await Promise.race([old.reached, report]);
  const left = await preparedIn(one);
  expect(left).toHaveLength(1);
  // One is at work, then it is dead: the other neither waits for it, nor settles or reports what is not its own.
  expect(await commandsOn(other).recover()).toMatchObject({ settled: [], exitCode: 0 });
  expect(await commandsOn(other).up()).toMatchObject({ settled: [], problems: [], exitCode: 0 });
  await loseSessions(one, ['veneer', 'shard1'], 'all');
  old.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  expect(await commandsOn(other).recover()).toMatchObject({ settled: [], exitCode: 0 });
  expect(await commandsOn(other).status()).toMatchObject({ inDoubt: [], drift: [], exitCode: 0 });
  expect(await preparedIn(one)).toEqual(left);
  expect(await commandsOn(one).up()).toMatchObject({ settled: [{ ending: 'committed' }], exitCode: 0 });
  for (const fleet of fleets) await assertLikeImport(fleet);
});

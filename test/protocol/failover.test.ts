import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { preparedIn } from '../support/leave-attempt.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt, stalledUp, type Stalled } from '../support/stall-at.js';
import { expectAtRest } from '../support/at-rest.js';

let fleet: OwnFleet;
let run: Commands;
let column: string;
let count = 0;

beforeAll(async () => {
  fleet = await startOwnFleet();
  run = commandsOn(fleet);
  await fleet.writeMigration('0000_books.sql', 'CREATE TABLE books (id int)');
  await run.setup();
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

// Every test begins with the fleet whole, and has a migration of its own pending.
beforeEach(async () => {
  column = `column${++count}`;
  await fleet.writeMigration(`000${count}_column.sql`, `ALTER TABLE books ADD COLUMN ${column} text`);
});

afterAll(() => fleet.close());

const dataOf = (member: string): string => fleet.servers.find(({ name }) => name === member)!.dataDir;

/** cp keeps the owner, without whom no server starts; fs.cp does not. */
const copy = (from: string, to: string): Promise<unknown> => promisify(execFile)('cp', ['-a', from, to]);

/** Keeps a server as it is now: the replica that will lag behind, or the backup. Answers how to put it in its place. */
async function replicate(member: string): Promise<() => Promise<void>> {
  const [data, replica] = [dataOf(member), `${dataOf(member)}.replica`];
  await fleet.stop(member);
  await copy(data, replica);
  await fleet.start(member);
  return async () => {
    await fleet.stop(member);
    await rm(data, { recursive: true });
    await promisify(execFile)('mv', [replica, data]);
    await fleet.start(member);
  };
}

/** Leaves what a runner leaves that is killed at the point. */
async function crash(stalled: Stalled): Promise<void> {
  const { report } = await stalledUp(commandsOn(fleet, { at: stalled.at }), stalled);
  await loseSessions(fleet, ['veneer', 'shard1'], 'all');
  stalled.release();
  expect(await report).toMatchObject({ exitCode: 22 });
}

test("the veneer's PREPARE lost by failover", async () => {
  const failOver = await replicate('veneer');
  const stalled = stallAt('before commit prepared:shard1');
  const { report } = await stalledUp(commandsOn(fleet, { at: stalled.at }), stalled);
  await failOver();
  stalled.release();
  // All had voted: the shard commits. Prepared transaction and intent went with the veneer that was lost.
  expect(await report).toMatchObject({ exitCode: 22, shards: [{ state: 'in doubt' }] });
  expect(await run.recover()).toMatchObject({ settled: [], exitCode: 0 });
  const status = await run.status({ shards: ['shard1'] });
  expect(status).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  expect(status.drift).toMatchObject([{ kind: 'missing column', object: `bluth_co.books.${column}` }]);
  expect(await run.sync()).toMatchObject({ exitCode: 0, veneers: [{ state: 'repaired' }] });
  await expectAtRest(fleet, run);
});

test("the veneer's PREPARE lost by failover, and the runner with it", async () => {
  const failOver = await replicate('veneer');
  await crash(stallAt('before commit prepared:shard1'));
  await failOver();
  // Without its intent nobody knows who else took part: it is left, and told.
  const report = await run.recover();
  expect(report).toMatchObject({ exitCode: 22, settled: [{ ending: 'in doubt', members: ['shard1'] }] });
  expect(report.settled[0]?.detail).toBe('1 of 2 participants are known, and no intent names the others');
  expect(await run.up()).toMatchObject({ exitCode: 22 });
  const [left = ''] = await preparedIn(fleet);
  await fleet.query('shard1', `ROLLBACK PREPARED '${left.slice('shard1 '.length)}'`);
  await expectAtRest(fleet, run);
});

test.each(['before commit prepared:shard1', 'before commit prepared:veneer'])(
  'restored server behind the same url, runner killed %s',
  async (point) => {
    const restore = await replicate('shard1');
    await crash(stallAt(point));
    await restore();
    // Committed or prepared, the shard's part is gone: so the veneer's must go, too.
    expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
    await expectAtRest(fleet, run);
  },
);

test('promoted server behind the same url', async () => {
  await crash(stallAt('before commit prepared:shard1'));
  await fleet.stop('shard1');
  await writeFile(join(dataOf('shard1'), 'standby.signal'), '');
  await fleet.start('shard1');
  const report = await run.recover();
  expect(report).toMatchObject({ exitCode: 23, settled: [{ ending: 'in doubt' }] });
  expect(report.settled[0]?.detail).toContain('shard1 is a read-only standby');
  // A standby shows no prepared transactions, though it has them: read as "absent", this one would be rolled back.
  expect(await preparedIn(fleet)).toEqual([expect.stringMatching(/^veneer /)]);
  await fleet.query('shard1', 'SELECT pg_promote()', 'superuser');
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await expectAtRest(fleet, run);
});

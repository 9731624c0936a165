import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CommandContext } from '../../src/commands/common/context.js';
import { stop } from '../../src/commands/history/stop.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt } from '../support/stall-at.js';
import { twoVeneers, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  fleet = await twoVeneers();
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
});

afterEach(() => fleet.close());

const without = (name: string, overrides = {}): Commands => commandsOn(fleet, overrides, [name]);

const LOCKED = { facts: { exitCode: 30 } };

test.each([
  { leaves: 'green', rivals: ['blue', 'nobody'] },
  { leaves: 'blue', rivals: ['green', 'nobody'] },
])('while one leaves $leaves out, no other runs, and none ends its sessions', async ({ leaves, rivals }) => {
  const stalled = stallAt('before prepare:shard1');
  const report = without(leaves, { at: stalled.at }).up();
  await Promise.race([stalled.reached, report]);
  for (const rival of rivals) {
    const other = rival === 'nobody' ? run : without(rival);
    await expect(other.up()).rejects.toMatchObject(LOCKED);
    await expect(other.recover()).rejects.toMatchObject(LOCKED);
  }
  stalled.release();
  expect(await report).toMatchObject({ problems: [], settled: [], exitCode: 0 });
  await run.sync();
  expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test.each(['green', 'blue'])('a run of all is told to whoever leaves %s out', async (name) => {
  const stalled = stallAt('before prepare:shard1');
  const report = commandsOn(fleet, { at: stalled.at }).up();
  await Promise.race([stalled.reached, report]);
  await expect(without(name).up()).rejects.toMatchObject(LOCKED);
  stalled.release();
  expect(await report).toMatchObject({ problems: [], settled: [], exitCode: 0 });
});

test('a run of all that has lost a shard wins its lock back by another shard’s', async () => {
  const stalled = stallAt('before prepare:shard1');
  const report = commandsOn(fleet, { at: stalled.at }).up({ shards: ['shard1'] });
  await Promise.race([stalled.reached, report]);
  await loseSessions(fleet, ['shard1'], 'all');
  stalled.release();
  expect(await report).toMatchObject({ problems: [], exitCode: 0 });
});

test('one that has nothing left but the first veneer wins no lock back: a run that goes without it has passed', async () => {
  const stalled = stallAt('after intent');
  const report = commandsOn(fleet, { at: stalled.at }).up({ shards: ['shard1'] });
  await Promise.race([stalled.reached, report]);
  await loseSessions(fleet, ['shard1', 'shard2', 'shard3'], 'all');
  await fleet.green(
    `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'pgv %'`,
  );
  await fleet.away('blue');
  expect(await without('blue').up()).toMatchObject({ problems: [], exitCode: 0 });
  stalled.release();
  const { exitCode, shards } = await report;
  expect(exitCode).toBe(22);
  expect(JSON.stringify(shards)).toContain('no other lock proves that no run was there since');
  await fleet.away();
  expect(await run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
  await run.sync();
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
});

test('stop finds the run that goes without the first veneer', async () => {
  const stalled = stallAt('before prepare:shard1');
  // It goes on when it has heard that it is to end: it looks now and then, and would be through before.
  const onProgress: CommandContext['onProgress'] = (event) => {
    if (event.type === 'notice' && event.text.includes('asked this run to end')) stalled.release();
  };
  const report = without('blue', { at: stalled.at, onProgress }).up();
  await Promise.race([stalled.reached, report]);
  const context = { who: 'test', signal: new AbortController().signal, onProgress: () => undefined };
  expect(await stop(await run.config(), { timeoutMs: 60_000 }, context)).toMatchObject({ state: 'ended' });
  expect((await report).exitCode).toBe(143);
});

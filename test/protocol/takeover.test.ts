import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { leaveAttempt, preparedIn } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { loseSessions } from '../support/lose-sessions.js';
import { stallAt, stalledUp, type Stalled } from '../support/stall-at.js';
import { expectAtRest } from '../support/at-rest.js';

const s = scenario();

/** Starts a step of shard1 and the veneer, and leaves its runner where it is to stall. */
async function startStalled(stalled: Stalled): Promise<{ readonly report: Promise<UpReport> }> {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  return stalledUp(s.runWith({ at: stalled.at }), stalled);
}

test('Late PREPARE', async () => {
  const old = stallAt('before prepare:veneer', ['after prepare:shard1']);
  const { report } = await startStalled(old);
  await loseSessions(s.fleet, ['veneer'], 'lock');
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
  old.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  expect(await preparedIn(s.fleet)).toEqual([]);
  await expectAtRest(s.fleet, s.run);
});

test('late COMMIT PREPARED', async () => {
  const old = stallAt('before commit prepared:shard1');
  const { report } = await startStalled(old);
  await loseSessions(s.fleet, ['veneer'], 'lock');
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await s.write('ALTER TABLE books RENAME COLUMN title TO name');
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  old.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  await expectAtRest(s.fleet, s.run);
});

test('runner half alive', async () => {
  const old = stallAt('before prepare:shard1', ['after prepare:veneer']);
  const { report } = await startStalled(old);
  await loseSessions(s.fleet, ['veneer'], 'all');
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
  old.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  expect(await preparedIn(s.fleet)).toEqual([]);
  await expectAtRest(s.fleet, s.run);
});

test.each(['before intent', 'after intent', 'before prepare:veneer', 'before commit prepared:shard1'])(
  'lost lock session, %s',
  async (point) => {
    const old = stallAt(point);
    const { report } = await startStalled(old);
    await loseSessions(s.fleet, ['veneer', 'shard1'], 'lock');
    old.release();
    const { exitCode, shards } = await report;
    // Before the intent it can still be rolled back; from then on both can be settled by the sessions that are left.
    const states = shards[0]?.steps.map(({ state }) => state);
    expect({ exitCode, states }).toEqual(
      point === 'before intent'
        ? { exitCode: 23, states: ['failed'] }
        : { exitCode: 0, states: ['committed'] },
    );
    expect(await preparedIn(s.fleet)).toEqual([]);
    await s.run.recover();
    await expectAtRest(s.fleet, s.run);
  },
);

test('rolled-back-by-the-old-runner', async () => {
  const old = stallAt('before commit prepared:shard1');
  const { report } = await startStalled(old);
  await loseSessions(s.fleet, ['veneer', 'shard1'], 'all');
  const next = stallAt('before commit prepared:shard1');
  const recovery = s.runWith({ at: next.at }).recover();
  await Promise.race([next.reached, recovery]);
  old.release();
  expect(await report).toMatchObject({ exitCode: 22, shards: [{ state: 'in doubt' }] });
  expect(await preparedIn(s.fleet)).toHaveLength(2);
  next.release();
  expect(await recovery).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await expectAtRest(s.fleet, s.run);
});

test('attempt 1 and 2 mixed', async () => {
  await s.run.setup();
  const attempts = { c0ffee: 'prepared absent', facade: 'absent prepared' };
  for (const [nonce, states] of Object.entries(attempts)) {
    const [shard1, veneer] = states.split(' ') as ('prepared' | 'absent')[];
    await leaveAttempt(s.fleet, {
      id: { nonce },
      intent: true,
      parts: [
        { member: 'shard1', state: shard1! },
        { member: 'veneer', state: veneer! },
      ],
    });
  }
  expect(await preparedIn(s.fleet)).toHaveLength(2);
  const { settled } = await s.run.recover();
  expect(settled.map(({ ending }) => ending)).toEqual(['rolled back', 'rolled back']);
  expect(await preparedIn(s.fleet)).toEqual([]);
});

test('shard removed from shards.yaml before recovery', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const old = stallAt('before commit prepared:shard3', ['after commit prepared:shard1']);
  const report = s.runWith({ at: old.at }).up({ atomic: 'fleet' });
  await Promise.race([old.reached, report]);
  await loseSessions(s.fleet, ['veneer', 'shard1', 'shard2', 'shard3'], 'all');
  old.release();
  expect(await report).toMatchObject({ exitCode: 22 });
  const config = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(config.replace(/\n {2}shard3:[^]*?\n\n/, '\n\n'));
  // The decision is known, and followed wherever it can be; for the rest the attempt stays on record.
  const recovered = await s.run.recover();
  expect(recovered).toMatchObject({ exitCode: 22, settled: [{ ending: 'in doubt' }] });
  expect(recovered.settled[0]?.detail).toBe('committed, but shard3 cannot be reached');
  expect((await preparedIn(s.fleet)).map((prepared) => prepared.split(' ')[0])).toEqual(['shard3']);
  await s.fleet.writeConfig(config);
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await expectAtRest(s.fleet, s.run);
});

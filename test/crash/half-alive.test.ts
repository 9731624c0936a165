import { afterAll, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { crashFleet } from '../support/crash-fleet.js';
import { expectHealed, expectTruthful, readTraces } from '../support/crash-proof.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { signal } from '../support/hold.js';

const crash = await crashFleet(await freshFleet(), 'one shard after the other');
const { fleet } = crash;

afterAll(() => fleet.close());

/** Ends the session that holds the run lock on the veneer, and leaves all others of that run alive. */
async function endAnchor(): Promise<void> {
  const ended = await fleet.query(
    'veneer',
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND datname = current_database()`,
    'superuser',
  );
  expect(ended).toEqual([{ pg_terminate_backend: true }]);
}

const STEP = [
  'after begin:shard2',
  'after statements:shard2',
  'before intent',
  'after intent',
  'before prepare:shard2',
  'before commit prepared:shard2',
  'before commit prepared:veneer',
  'before close',
];

/** Calls `work` the first time that a run comes by the point. */
function onceHere(point: string, work: () => Promise<void>): (name: string) => Promise<void> {
  let done = false;
  return async (name) => {
    if (done || name !== point) return;
    done = true;
    await work();
  };
}

/** The first time that shard2's step comes by it. */
function onceAt(point: string, work: () => Promise<void>): (name: string) => Promise<void> {
  let isOnShard2 = false;
  const once = onceHere(point, work);
  return async (name) => {
    if (name === 'before begin:shard2') isOnShard2 = true;
    if (isOnShard2) await once(name);
  };
}

test.each(STEP)(
  'lost lock session %s: another run works, and the old one changes nothing more',
  async (point) => {
    await crash.add('rename column');
    let second = null;
    const at = onceAt(point, async () => {
      await endAnchor();
      second = await crash.commands.up();
    });
    const first = await commandsOn(fleet, { at }).up();
    expect(second).toMatchObject({ exitCode: 0, problems: [] });
    expect(first.exitCode).not.toBe(0);
    await expectHealed(crash);
  },
);

test.each(STEP)(
  'lost lock session %s, and nobody else comes: what the old run reports is so',
  async (point) => {
    await crash.add('rename column');
    const at = onceAt(point, endAnchor);
    const report = await commandsOn(fleet, { at }).up();
    await expectTruthful(fleet, report);
    expect(await crash.commands.up()).toMatchObject({ exitCode: 0, problems: [] });
    await expectHealed(crash);
  },
);

test.each(['before commit prepared:shard2', 'before commit prepared:veneer'])(
  'runner half alive %s: what the new run is settling, the old one neither commits nor rolls back',
  async (point) => {
    await crash.add('rename column');
    const old = { reached: signal(), go: signal() };
    const at = onceAt('before commit prepared:shard2', async () => {
      old.reached.fire();
      await old.go.promise;
    });
    const oldRun = commandsOn(fleet, { at }).up();
    await old.reached.promise;
    await endAnchor();
    const newRun = commandsOn(fleet, {
      at: onceHere(point, async () => {
        old.go.fire();
        expect((await oldRun).exitCode).not.toBe(0);
        expect((await readTraces(fleet)).filter(({ kind }) => kind === 'prepared')).not.toEqual([]);
      }),
    });
    expect(await newRun.up()).toMatchObject({
      exitCode: 0,
      problems: [],
      settled: [{ ending: 'committed' }],
    });
    await expectHealed(crash);
  },
);

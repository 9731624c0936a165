import { afterAll, expect, test } from '@jest/globals';
import { crashFleet } from '../support/crash-fleet.js';
import { expectHealed, readTraces } from '../support/crash-proof.js';
import { startRun } from '../support/crash-run.js';
import { freshFleet } from '../support/fresh-fleet.js';

/**
 * A runner's last statement reaches a server that is too slow to run it, and the runner dies. What the next run decides
 * must not be overtaken by that statement.
 */
const crash = await crashFleet(await freshFleet(), 'one shard after the other');
const { fleet } = crash;

afterAll(() => fleet.close());

const IS_RUN_LOCK = `locktype = 'advisory' AND mode = 'ExclusiveLock'`;

/** Processes of shard2 that belong to the fleet: the one that holds the run lock, and the lane's. */
async function runBackends(): Promise<{ readonly anchor: number; readonly lane: number }> {
  const rows = await fleet.query(
    'shard2',
    `SELECT pid, bool_or(${IS_RUN_LOCK}) AS is_anchor FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE datname = current_database() AND locktype = 'advisory' GROUP BY pid ORDER BY is_anchor DESC`,
    'superuser',
  );
  expect(rows).toMatchObject([{ is_anchor: true }, { is_anchor: false }]);
  return { anchor: Number(rows[0]?.pid), lane: Number(rows[1]?.pid) };
}

/** Until another run than that of the process has the lock of shard2 and tells the old sessions there to end. */
async function untilAnotherWaits(anchor: number, isOver: () => boolean): Promise<void> {
  const client = await fleet.connect('shard2', 'superuser');
  const sql = `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE ${IS_RUN_LOCK} AND datname = current_database() AND pid <> ${anchor} AND query LIKE '%pg_terminate_backend%'`;
  while ((await client.query(sql)).rows.length === 0) expect(isOver()).toBe(false);
  await client.end();
}

/** SIGSTOP for the time of `work`. */
async function whileStopped<T>(pid: number, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

test.each([
  ['late PREPARE', 'before prepare:shard2#1'],
  ['late COMMIT PREPARED', 'before commit prepared:shard2#1'],
])('%s: the next run waits for the session that may still run it', async (_, point) => {
  await crash.add('rename column');
  const run = startRun(fleet.dir, { command: 'up', waitAt: [point] });
  await run.reached(point);
  const { lane, anchor } = await runBackends();
  const { next } = await whileStopped(lane, async () => {
    await run.go(point);
    run.child.kill('SIGKILL');
    await run.result;
    let over = false;
    const next = crash.commands.up().finally(() => (over = true));
    await untilAnotherWaits(anchor, () => over);
    expect(await readTraces(fleet)).toContainEqual(
      expect.objectContaining({ member: 'veneer', kind: 'prepared' }),
    );
    return { next };
  });
  expect(await next).toMatchObject({ exitCode: 0, problems: [] });
  await expectHealed(crash);
});

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { preparedIn } from '../support/leave-attempt.js';
import { runCli, startCli } from '../support/run-cli.js';
import { SLEEPING } from '../support/sessions.js';
import type { TestFleet } from '../support/test-fleet.js';
import { untilSome } from '../support/until.js';

let fleet: TestFleet;

beforeEach(async () => {
  fleet = await freshFleet();
  await runCli(['setup'], { cwd: fleet.dir });
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  await fleet.writeMigration('0002_sleep.sql', 'SELECT pg_sleep(50)');
});

afterEach(() => fleet.close());

/** Resolves while the migration sleeps on shard1. */
const sleeping = (): Promise<void> => untilSome(fleet, 'shard1', SLEEPING);

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  '%s rolls the running attempt back, prints the report, and ends with %i',
  async (signal, code) => {
    const running = startCli(['up', '--shard', 'shard1', '--shard', 'shard2'], { cwd: fleet.dir });
    await sleeping();
    running.child.kill(signal);
    const { stdout, stderr, ...result } = await running.result;
    expect(result).toEqual({ code, signal: null });
    expect(stderr + stdout).toContain(
      'stopping: the running attempt is rolled back; press Ctrl-C again to end at once',
    );
    expect(stdout).toMatch(/shard1 .*interrupted/);
    expect(stdout).toMatch(/shard2 .*not started/);
    expect(stdout).toContain('next: migrate up');
    expect(await preparedIn(fleet)).toEqual([]);
    await fleet.writeMigration('0002_sleep.sql', 'SELECT 1');
    expect(await runCli(['up'], { cwd: fleet.dir })).toMatchObject({ code: 0 });
  },
);

test('a second signal ends at once, and the next up heals what is left', async () => {
  const running = startCli(['up'], { cwd: fleet.dir });
  await sleeping();
  running.child.kill('SIGTERM');
  await running.line(/stopping/);
  running.child.kill('SIGTERM');
  const { code } = await running.result;
  expect(code).toBe(143);
  await fleet.writeMigration('0002_sleep.sql', 'SELECT 1');
  expect(await runCli(['up'], { cwd: fleet.dir })).toMatchObject({ code: 0 });
});

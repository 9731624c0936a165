import { expect, test } from '@jest/globals';
import type * as watchdog from '../../src/cli/watchdog/watchdog.js';
import type { StartWatchdog } from '../../src/protocol/run/run.js';
import type { UpReport } from '../../src/report/up.js';
import { preparedIn } from '../support/leave-attempt.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { expectAtRest } from '../support/at-rest.js';
import { untilNone, untilSome } from '../support/until.js';

/** As built (`npm run build`): the watchdog is a process of its own. */
const DIST = new URL('../../dist/cli/watchdog/watchdog.js', import.meta.url).href;
const { startWatchdog } = (await import(DIST)) as typeof watchdog;

const s = scenario();

/** Processes of a member that belong to runs of this fleet; the one that holds the run lock among them, or not. */
async function backends(member: string, which: 'all' | 'the lane'): Promise<number[]> {
  const rows = await s.fleet.query(
    member,
    `SELECT a.pid FROM pg_stat_activity a
      WHERE a.datname = current_database() AND a.application_name LIKE 'pgv %'
        AND ('${which}' = 'all' OR NOT EXISTS (SELECT FROM pg_locks l
              WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock'))`,
    'superuser',
  );
  return rows.map(({ pid }) => Number(pid));
}

/**
 * Nobody is waited for longer than need be: while a process stands still no database is made or dropped on its server, by other tests
 * either.
 */
async function start(): Promise<void> {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('lock_hold: 30s', 'lock_hold: 1s'));
}

interface Silence {
  readonly member: string;
  readonly which: 'all' | 'the lane';
  /** From which point on; default: its transaction has begun. */
  readonly from?: string;
  readonly startWatchdog?: StartWatchdog;
}

/** `up` of shard1, in which a member's processes stand still from a point on, for as long as `look` takes. */
async function upWhileSilent(
  { member, which, from = 'after begin:shard1', ...more }: Silence,
  look: (report: UpReport) => Promise<void>,
): Promise<void> {
  const stopped: number[] = [];
  const run = s.runWith({
    ...more,
    at: async (point) => {
      if (point !== from || stopped.length > 0) return;
      stopped.push(...(await backends(member, which)));
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    },
  });
  try {
    const report = await run.up({ shards: ['shard1'] });
    expect(stopped.length).toBeGreaterThan(0);
    await look(report);
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
  }
}

/** Strong locks in the fleet's own database; others' tests have their own. */
const LOCKED = `SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const WATCHDOG = `SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name LIKE 'pgv % watchdog %'`;

test.each(['the lane', 'all'] as const)(
  'a server that stands still (%s): the run ends when its budget is used up, and nothing stays locked',
  async (which) => {
    await start();
    await s.write('ALTER TABLE books ADD COLUMN title text');
    await upWhileSilent({ member: 'shard1', which }, async ({ problems }) => {
      expect(problems[0]?.message).toContain('the step held its locks for 1000 ms');
      expect(await s.fleet.query('veneer', LOCKED)).toEqual([]);
    });
    expect(await preparedIn(s.fleet)).toEqual([]);
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await assertLikeImport(s.fleet);
  },
);

test('a veneer that stands still with its tables locked: the shard fails, and the run comes to its end', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text; SELECT 1 / 0');
  await upWhileSilent({ member: 'veneer', which: 'the lane' }, async ({ problems }) => {
    expect(problems[0]?.message).toContain('division by zero');
  });
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.status()).toMatchObject({ exitCode: 10, inDoubt: [] });
});

test.each(['the lane', 'all'] as const)(
  'a shard that stands still when it is to vote (%s): the step is given up, the veneer lets its readers go, and up heals it',
  async (which) => {
    await start();
    await s.write('ALTER TABLE books ADD COLUMN title text');
    await upWhileSilent({ member: 'shard1', which, from: 'before prepare:shard1' }, async (report) => {
      expect(report).toMatchObject({ exitCode: 22 });
      expect(report.problems[0]?.message).toMatch(/^in doubt: rolled back, but shard1 .* cannot be read/);
      expect(await s.fleet.query('veneer', LOCKED)).toEqual([]);
      expect(await s.fleet.query('veneer', 'SELECT id FROM cyberdyne.books')).toEqual([]);
    });
    expect(await s.run.up()).toMatchObject({ settled: [{ ending: 'rolled back' }], problems: [] });
    expect(await preparedIn(s.fleet)).toEqual([]);
    await assertLikeImport(s.fleet);
  },
);

test('a shard that stands still when it is to commit what was decided: the run ends in doubt, and up commits it', async () => {
  await start();
  await s.write('ALTER TABLE books ADD COLUMN title text');
  await upWhileSilent(
    { member: 'shard1', which: 'all', from: 'before commit prepared:shard1' },
    async (report) => {
      expect(report).toMatchObject({ exitCode: 22 });
      // It shows what the shard may not have yet, or has no longer: its readers wait.
      expect(await s.fleet.query('veneer', LOCKED)).not.toEqual([]);
    },
  );
  expect(await s.run.up()).toMatchObject({ settled: [{ ending: 'committed' }], problems: [] });
  expect(await preparedIn(s.fleet)).toEqual([]);
  await assertLikeImport(s.fleet);
});

test('a shard that stands still when its step has committed: the run comes to its end, and what is left there goes later', async () => {
  await start();
  await s.write('ALTER TABLE books ADD COLUMN title text');
  await upWhileSilent({ member: 'shard1', which: 'the lane', from: 'after close' }, async (report) => {
    expect(report).toMatchObject({
      exitCode: 0,
      problems: [],
      shards: [{ steps: [{ state: 'committed' }] }],
    });
  });
  await expectAtRest(s.fleet, s.run);
});

test('a session that the runner has left and nobody can end: its watchdog settles when it has ended', async () => {
  await start();
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const source = { cwd: s.fleet.dir, file: undefined, envFiles: [], without: [] };
  await upWhileSilent(
    {
      member: 'shard1',
      which: 'the lane',
      from: 'before prepare:shard1',
      startWatchdog: () => startWatchdog(source),
    },
    async (report) => {
      expect(report).toMatchObject({ exitCode: 22 });
      // It has been there once, in vain.
      await untilSome(s.fleet, 'shard1', WATCHDOG);
      await untilNone(s.fleet, 'shard1', WATCHDOG);
    },
  );
  await untilNone(s.fleet, 'veneer', 'SELECT FROM pgveneer.intent');
  expect(await preparedIn(s.fleet)).toEqual([]);
  await expectAtRest(s.fleet, s.run);
});

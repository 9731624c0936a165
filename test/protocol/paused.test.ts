import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { preparedIn } from '../support/leave-attempt.js';
import { runCli } from '../support/run-cli.js';
import { runScript, type Script } from '../support/run-script.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { loseSessions } from '../support/lose-sessions.js';
import { untilNone } from '../support/until.js';

const s = scenario();

/** As built (`npm run build`): to compile all of it anew in every process would take its time. */
const UP = new URL('../../dist/commands/migrate/up.js', import.meta.url).href;
const LOAD_CONFIG = new URL('../../dist/config/load/load-config.js', import.meta.url).href;

/** `up` of shard1 in a process of its own, which stops itself, as a paused host does, when it first comes to a point. */
function pausedUp(dir: string, point: string): Promise<Script> {
  return runScript(`
    const { up } = await import(${JSON.stringify(UP)});
    const { loadConfig } = await import(${JSON.stringify(LOAD_CONFIG)});
    let paused = false;
    const at = async (reached) => {
      if (paused || reached !== ${JSON.stringify(point)}) return;
      paused = true;
      require('node:fs').writeSync(1, 'paused\\n');
      process.kill(process.pid, 'SIGSTOP');
    };
    const options = { shards: ['shard1'], tenants: [], limit: { kind: 'all' }, dryRun: false, canary: false };
    const signal = new AbortController().signal;
    const report = await up(await loadConfig({ cwd: ${JSON.stringify(dir)}, env: {} }), options,
      { onProgress: () => undefined, signal, who: 'test@paused', at });
    console.log(JSON.stringify(report));`);
}

test('host paused with SIGSTOP in an open transaction, and nobody types a command: its locks go', async () => {
  await s.start('CREATE TABLE books (id int)');
  const yaml = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(yaml.replace('lock_hold: 30s', 'lock_hold: 3s'));
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const paused = await pausedUp(s.fleet.dir, 'after statements:veneer');
  try {
    expect(await paused.firstLine).toBe('paused');
    const held = `SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'bluth_co.books'::regclass AND mode = 'AccessExclusiveLock'`;
    for (const member of ['veneer', 'shard1']) expect(await s.fleet.query(member, held)).toEqual([{ n: 1 }]);
    // It waits for the lock, and has no timeout: an answer is the proof.
    expect(await s.fleet.query('veneer', 'SELECT * FROM bluth_co.books', 'app')).toEqual([]);
    for (const member of ['veneer', 'shard1']) expect(await s.fleet.query(member, held)).toEqual([{ n: 0 }]);
  } finally {
    paused.child.kill('SIGCONT');
  }
  const old = JSON.parse((await paused.output).split('\n')[1] ?? '') as { exitCode: number };
  expect([0, 20]).toContain(old.exitCode);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await assertLikeImport(s.fleet);
});

test.each([
  { point: 'after statements:veneer', ending: [] },
  { point: 'before prepare:veneer', ending: [{ ending: 'rolled back' }] },
  { point: 'before commit prepared:shard1', ending: [{ ending: 'committed' }] },
])('host paused with SIGSTOP, $point', async ({ point, ending }) => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const paused = await pausedUp(s.fleet.dir, point);
  try {
    expect(await paused.firstLine).toBe('paused');
    await expect(s.run.up()).rejects.toMatchObject({ facts: { exitCode: 30 } });
    // Nobody hears from it: its session that holds the fleet's lock ends, which frees the fleet.
    await loseSessions(s.fleet, ['veneer'], 'lock');
    const report = await s.run.up();
    expect(report).toMatchObject({ problems: [], exitCode: 0 });
    expect(report.settled).toMatchObject(ending);
  } finally {
    paused.child.kill('SIGCONT');
  }
  const old = JSON.parse((await paused.output).split('\n')[1] ?? '') as { exitCode: number };
  expect([22, 23]).toContain(old.exitCode);
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.recover()).toMatchObject({ settled: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  await assertLikeImport(s.fleet);
});

/** In lock-step nothing is prepared that a reader would wait for, but the veneer is behind its shard. */
test('runner killed and nobody types a command', async () => {
  await s.start('CREATE TABLE books (id int, title text)');
  await s.write('ALTER TABLE books RENAME COLUMN title TO name');
  await s.fleet.query('veneer', 'CREATE VIEW public.titles AS SELECT title FROM bluth_co.books');
  const died = await runCli(['up', '--shard', 'shard1', '--protocol', 'lock-step'], {
    cwd: s.fleet.dir,
    env: { PGVENEER_TEST_CRASH_AT: 'after commit:shard1' },
  });
  expect(died.signal).toBe('SIGKILL');
  await untilNone(s.fleet, 'veneer', 'SELECT FROM pgveneer.intent');
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  expect(await s.fleet.query('veneer', 'SELECT title FROM public.titles')).toEqual([]);
});

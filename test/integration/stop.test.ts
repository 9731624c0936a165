import { expect, test } from '@jest/globals';
import { history } from '../../src/commands/history/history.js';
import { stop, type StopOptions } from '../../src/commands/history/stop.js';
import { fleetKeys } from '../../src/postgres/fleet-keys.js';
import type { Progress } from '../../src/report/progress.js';
import type { HistoryRun } from '../../src/report/history.js';
import type { StopReport } from '../../src/report/reports.js';
import { startCli } from '../support/run-cli.js';
import { waiting } from '../support/sessions.js';
import { untilSome } from '../support/until.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

/** Retries for as long as the test takes. */
const patient = (fleet: string): string =>
  bookstoreYaml(fleet).replace('lock_wait: 2s', 'retries: 100, lock_wait: 20s');

const s = scenario({ config: patient });

const ask = async (
  options: Partial<StopOptions> & { readonly onProgress?: (event: Progress) => void } = {},
): Promise<StopReport> => {
  const { timeoutMs = 50_000, onProgress = () => undefined } = options;
  const signal = new AbortController().signal;
  return stop(await s.run.config(), { timeoutMs }, { who: 'alice@laptop', signal, onProgress });
};

const newest = async (): Promise<HistoryRun> =>
  (await history(await s.run.config(), { show: null, limit: 1 }, { who: 'x' })).runs[0]!;

const OURS = `FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pgv %'`;

/** Nothing of the run is left: no session, no prepared transaction, no column. */
async function expectNothingLeft(): Promise<void> {
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3']) {
    expect(await s.fleet.query(member, `SELECT application_name ${OURS}`, 'superuser')).toEqual([]);
    const prepared = 'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()';
    expect(await s.fleet.query(member, prepared)).toEqual([]);
  }
  const isbn = `SELECT attrelid::regclass FROM pg_attribute WHERE attname = 'isbn'`;
  expect(await s.fleet.query('shard1', isbn)).toEqual([]);
}

const ADD = 'ALTER TABLE books ADD COLUMN isbn text';

/** A promise, and who keeps it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

test('without a runner there is nothing to stop, before setup and after', async () => {
  const nobody = { state: 'no runner', run: null, outcome: null, exitCode: 0, next: null, problems: [] };
  expect(await ask()).toMatchObject(nobody);
  await s.start('CREATE TABLE books (id int)');
  const before = await s.fleet.query('veneer', 'SELECT count(*) FROM pgveneer.history');
  expect(await ask()).toMatchObject(nobody);
  expect(await s.fleet.query('veneer', 'SELECT count(*) FROM pgveneer.history')).toEqual(before);
});

test('a run in a long statement ends, rolled back, with exit code 143; the next one is not meant', async () => {
  await s.start('CREATE TABLE books (id int)');
  const name = await s.write(`${ADD}; SELECT pg_sleep(600)`);
  const running = s.run.up();
  await untilSome(s.fleet, 'shard1', `SELECT ${OURS} AND wait_event = 'PgSleep'`);
  const stopped = await ask();
  const report = await running;
  expect(stopped).toMatchObject({ state: 'ended', outcome: 'stopped', exitCode: 0, problems: [] });
  expect(stopped.run).toMatchObject({ run: report.run, command: 'up', who: 'test@localhost' });
  expect(report).toMatchObject({ exitCode: 143, next: 'migrate up' });
  expect(report.problems.map(({ message }) => message)).toContain(
    'stopped: alice@laptop asked this run to end (migrate stop)',
  );
  expect(report.shards.map(({ state }) => state)).toEqual(['interrupted', 'not started', 'not started']);
  expect(await newest()).toMatchObject({ run: report.run, state: 'stopped', stopAskedBy: 'alice@laptop' });
  await expectNothingLeft();
  await s.fleet.writeMigration(`${name}.sql`, ADD);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await newest()).toMatchObject({ state: 'done', stopAskedBy: null });
});

test('a run in another process that waits for a lock ends, says why, and its report is printed', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const holder = await s.fleet.connect('shard1', 'superuser');
  await holder.query('BEGIN; LOCK TABLE bluth_co.books');
  const cli = startCli(['up', '--json'], { cwd: s.fleet.dir });
  await untilSome(s.fleet, 'shard1', `SELECT ${OURS} AND wait_event_type = 'Lock'`);
  expect(await ask()).toMatchObject({ state: 'ended', outcome: 'stopped' });
  const { code, stdout } = await cli.result;
  expect(code).toBe(143);
  expect(JSON.parse(stdout)).toMatchObject({ command: 'up', exitCode: 143 });
  await holder.query('ROLLBACK');
  await expectNothingLeft();
});

test('migrate stop, as a command, tells what became of the run', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('SELECT pg_sleep(600)');
  const cli = startCli(['up'], { cwd: s.fleet.dir });
  await untilSome(s.fleet, 'shard1', `SELECT ${OURS} AND wait_event = 'PgSleep'`);
  const stopping = await startCli(['stop'], { cwd: s.fleet.dir }).result;
  expect(stopping).toMatchObject({ code: 0, stderr: '' });
  expect(stopping.stdout).toMatch(/^notice: asked run \S+ \(up by \S+, pid \d+\) to end\n/);
  expect(stopping.stdout).toMatch(/has ended: stopped, after /);
  const { code, stdout } = await cli.result;
  expect(code).toBe(143);
  expect(stdout).toMatch(/^notice: \S+@\S+ asked this run to end \(migrate stop\)$/m);
});

test('what is being committed is committed; a run that is through by then is no stopped one', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const noticed = gate();
  const stopping: Promise<StopReport>[] = [];
  const run = s.runWith({
    onProgress: (event) => {
      if (event.type === 'notice' && event.text.includes('alice@laptop')) noticed.open();
    },
    at: async (point) => {
      if (point !== 'before commit prepared:shard3') return;
      stopping.push(ask());
      await noticed.opened;
    },
  });
  const report = await run.up({ shards: ['shard3'] });
  expect(report).toMatchObject({ exitCode: 0, problems: [], shards: [{ state: 'done' }] });
  expect(await stopping[0]).toMatchObject({ state: 'ended', outcome: 'done', exitCode: 0 });
  expect(await newest()).toMatchObject({ state: 'done', stopAskedBy: 'alice@laptop' });
});

test('a run that does not end in time is told as still running, and stays asked', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  let report: StopReport | null = null;
  const noticed = gate();
  const run = s.runWith({
    onProgress: ({ type }) => (type === 'notice' ? noticed.open() : undefined),
    at: async (point) => {
      if (point !== 'after begin:shard1') return;
      report = await ask({ timeoutMs: 300 });
      await noticed.opened;
    },
  });
  expect(await run.up()).toMatchObject({ exitCode: 143, next: 'migrate up' });
  expect(report).toMatchObject({ state: 'still running', outcome: null, exitCode: 30, next: 'migrate stop' });
  expect(report).toMatchObject({
    problems: [{ exitCode: 30, hint: expect.stringContaining('it stays asked') }],
  });
  await expectNothingLeft();
});

test('a run that takes the lock while stop waits is not waited for, and the next one is not stopped', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const asked = gate();
  const stopping: Promise<StopReport>[] = [];
  const queued: Promise<unknown>[] = [];
  const other = await s.fleet.connect('veneer');
  await other.query(`SET application_name = 'pgv zzzzzzzz-00000000 up bob@ci'`);
  const first = s.runWith({
    at: async (point) => {
      if (point !== 'before commit prepared:shard1') return;
      const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      // Stands in the queue for the lock, so that stop never sees it free.
      queued.push(other.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(s.fleet.name).run]));
      await untilSome(s.fleet, 'veneer', waiting(rows[0]?.pid ?? 0));
      const onProgress = ({ type }: Progress): void => (type === 'notice' ? asked.open() : undefined);
      stopping.push(ask({ onProgress }));
      await asked.opened;
    },
  });
  const { run } = await first.up({ shards: ['shard1'] });
  expect(await stopping[0]).toMatchObject({ state: 'ended', run: { run } });
  await queued[0];
  await other.query('SELECT pg_advisory_unlock_all()');
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

test('a request for a run that is over stops nobody', async () => {
  await s.start('CREATE TABLE books (id int)');
  const { run } = await newest();
  await s.fleet.query(
    'veneer',
    `INSERT INTO pgveneer.history (fleet, run, event, who)
     SELECT fleet, unnest(ARRAY['${run}', 'zzzzzzzz-00000000']), 'stop asked', 'late' FROM pgveneer.history LIMIT 2`,
  );
  await s.write(`${ADD}; SELECT pg_sleep(1)`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

test('a session that is no run of ours is named, and not asked', async () => {
  await s.start('CREATE TABLE books (id int)');
  const stranger = await s.fleet.connect('veneer');
  await stranger.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(s.fleet.name).run]);
  expect(await ask()).toMatchObject({
    state: 'not asked',
    exitCode: 30,
    run: { run: null },
    problems: [{ hint: expect.stringContaining('pg_terminate_backend') }],
  });
});

test('a fleet without a table for it says that its run cannot be asked', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', 'DROP TABLE pgveneer.history');
  await s.write(ADD);
  let report: StopReport | null = null;
  const run = s.runWith({
    at: async (point) => {
      if (point === 'after begin:shard1') report = await ask();
    },
  });
  expect(await run.up()).toMatchObject({ exitCode: 0 });
  expect(report).toMatchObject({ state: 'not asked', exitCode: 30, run: { command: 'up' } });
});

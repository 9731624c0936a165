import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { history, type HistoryOptions } from '../../src/commands/history/history.js';
import type { HistoryReport } from '../../src/report/reports.js';
import type { StatusReport } from '../../src/report/status.js';
import { startCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const ask = async (options: HistoryOptions): Promise<HistoryReport> =>
  history(await s.run.config(), options, { who: 'reader@here' });

const list = (limit = 20): Promise<HistoryReport> => ask({ show: null, limit });

const show = (run: string | undefined): Promise<HistoryReport> => ask({ show: run ?? '' });

const rows = (): Promise<Record<string, unknown>[]> =>
  s.fleet.query('veneer', 'SELECT * FROM pgveneer.history ORDER BY id');

const ADD = 'ALTER TABLE books ADD COLUMN isbn text';

test('a good run is there with its steps, their protocol, statements and times', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const report = await s.run.up();
  const { runs } = await list();
  expect(runs.map(({ command, state, steps }) => [command, state, steps])).toEqual([
    ['up', 'done', { committed: 3, other: 0 }],
    ['up', 'done', { committed: 3, other: 0 }],
    ['setup', 'done', { committed: 0, other: 0 }],
  ]);
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  expect(runs[0]).toMatchObject({
    run: report.run,
    who: 'test@localhost',
    client: '127.0.0.1',
    version,
    problems: [],
    stopAskedBy: null,
  });
  expect(Date.parse(runs[0]!.ended!) - Date.parse(runs[0]!.began)).toBeGreaterThanOrEqual(0);
  const { runs: shown, steps } = await show(report.run!);
  expect(shown).toEqual([runs[0]]);
  expect(steps?.map(({ shard, tenants }) => [shard, tenants]).toSorted()).toEqual([
    ['shard1', 1],
    ['shard2', 2],
    ['shard3', 1],
  ]);
  for (const step of steps ?? []) {
    expect(step).toMatchObject({
      migration: '0002_change',
      outcome: 'committed',
      attempts: 1,
      settledBy: null,
    });
    expect(step).toMatchObject({ protocol: 'two-phase', problems: [] });
    expect(step.step.startsWith(`${report.run}.`)).toBe(true);
    expect(step.details.statements).toEqual({ sql: [ADD], leftOut: 0 });
    expect(step.details.veneerStatements?.veneer?.sql[0]).toMatch(
      /^ALTER FOREIGN TABLE .* ADD COLUMN "isbn" text/,
    );
    expect(step.details.phases?.map(({ phase }) => phase)).toEqual([
      'running',
      'veneer',
      'preparing',
      'committed',
    ]);
    expect(step.details.phases?.at(-1)?.ms).toBeLessThanOrEqual(step.ms!);
    expect(step.details.locks).not.toEqual([]);
  }
});

test('a failed step is there with its error, and what was done before it stays as it was written', async () => {
  await s.start('CREATE TABLE books (id int)');
  const before = await rows();
  await s.fleet.query('shard2', 'ALTER TABLE dunder_mifflin.books ADD COLUMN isbn int');
  await s.write(ADD);
  const report = await s.run.up();
  expect(report.exitCode).toBe(21);
  const [run] = (await list(1)).runs;
  expect(run).toMatchObject({ run: report.run, state: 'partly done', problems: [{ sqlstate: '42701' }] });
  const { steps } = await show(run?.run);
  const failed = steps?.find(({ shard }) => shard === 'shard2');
  expect(failed).toMatchObject({
    outcome: 'failed',
    protocol: null,
    problems: [{ sqlstate: '42701', where: { tenant: 'dunder_mifflin', member: 'shard2' } }],
    details: { statements: { sql: [ADD] } },
  });
  expect((await rows()).slice(0, before.length)).toEqual(before);
});

test('a run that ended before its first step is there too, with the reason', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('shard3', 'DROP TABLE pgveneer.ledger');
  await expect(s.run.up()).rejects.toThrow('shard3 was never set up');
  expect((await list(1)).runs).toMatchObject([
    { command: 'up', state: 'failed', problems: [{ hint: 'migrate setup' }] },
  ]);
  expect((await s.run.status()).lastRun).toMatchObject({ command: 'up', state: 'failed' });
});

test('while it works a run is running, and after Ctrl-C interrupted', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const stopping = new AbortController();
  let during: HistoryReport | null = null;
  let status: StatusReport | null = null;
  const run = s.runWith({
    signal: stopping.signal,
    at: async (point) => {
      if (point !== 'after statements:shard1') return;
      during = await list(1);
      status = await s.run.status();
      stopping.abort();
    },
  });
  const report = await run.up();
  expect(during).toMatchObject({ runs: [{ run: report.run, state: 'running', ended: null, ms: null }] });
  expect(status).toMatchObject({ lastRun: { run: report.run, command: 'up', state: 'running' } });
  const after = await show(report.run!);
  expect(after.runs).toMatchObject([{ state: 'interrupted', steps: { committed: 0, other: 1 } }]);
  expect(after.steps).toMatchObject([{ shard: 'shard1', outcome: 'interrupted' }]);
});

test('a run that was killed ended without a word; what was settled for it is told with who did', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const killed = startCli(['up'], {
    cwd: s.fleet.dir,
    env: { PGVENEER_TEST_CRASH_AT: 'before commit prepared:veneer' },
  });
  expect(await killed.result).toMatchObject({ signal: 'SIGKILL' });
  // Its watchdog settles; until then nobody else may write.
  let report = await list();
  while (report.runs[0]?.state === 'running' || report.runs[0]?.command !== 'watchdog') report = await list();
  const [watchdog, up] = report.runs;
  expect(up).toMatchObject({ command: 'up', state: 'ended without a word', ended: null });
  expect(up?.steps).toEqual({ committed: 1, other: 0 });
  const settled = { outcome: 'committed', migration: '0002_change', settledBy: watchdog?.run };
  expect((await show(up?.run)).steps).toMatchObject([settled]);
  const lastRun = { run: up?.run, command: 'up', state: 'ended without a word', began: up?.began };
  expect((await s.run.status()).lastRun).toEqual(lastRun);
  expect((await show(watchdog?.run)).steps).toMatchObject([settled]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect((await list()).runs[0]).toMatchObject({ state: 'done', steps: { committed: 2, other: 0 } });
  expect((await s.run.status()).lastRun).toMatchObject({ command: 'up', state: 'done' });
});

test('an in-doubt step that recover settles counts as settled', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const crashing = s.runWith({
    at: async (point) => {
      if (point === 'before commit prepared:shard1') throw new Error('the runner gives up here');
    },
  });
  await crashing.up({ shards: ['shard1'] });
  const [run] = (await list(1)).runs;
  await s.run.recover();
  const { steps } = await show(run?.run);
  expect(steps?.at(-1)?.outcome).toBe('committed');
});

test('no password comes into the table, whatever a migration holds or an error quotes', async () => {
  await s.run.setup();
  const password = s.fleet.env.APP_PASSWORD_SHARD1!;
  await s.fleet.writeMigration(
    '0001_secret.sql',
    `CREATE TABLE books (id int);
     CREATE FUNCTION key() RETURNS text LANGUAGE sql AS $$ SELECT '${password}' $$;
     COMMENT ON TABLE books IS 'postgres://me:geheim1@host/db password=geheim2';
     ALTER ROLE nobody_of_that_name PASSWORD 'geheim3'`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 20 });
  const text = JSON.stringify([await rows(), await list(), await show((await list()).runs[0]?.run)]);
  expect(text).toContain('CREATE FUNCTION key()');
  expect(text).toContain("PASSWORD '***'");
  const secrets = Object.entries(s.fleet.env).flatMap(([name, value]) =>
    name.includes('PASSWORD') ? value : [],
  );
  for (const secret of [...secrets, 'geheim1', 'geheim2', 'geheim3']) expect(text).not.toContain(secret);
});

test('sync stands in history with the statements that repaired, and not where nothing had to be done', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', 'ALTER FOREIGN TABLE cyberdyne.books ADD COLUMN extra int');
  await s.run.sync();
  const { steps } = await show((await list()).runs[0]?.run);
  expect(steps).toMatchObject([
    {
      shard: 'shard2',
      migration: null,
      outcome: 'committed',
      details: { veneerStatements: { veneer: { leftOut: 0 } } },
    },
  ]);
  await s.run.sync();
  expect((await list()).runs[0]).toMatchObject({
    command: 'sync',
    state: 'done',
    steps: { committed: 0, other: 0 },
  });
});

test('the newest come first, as many as were asked for; one is found by the beginning of its name', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.run.up();
  const all = (await list()).runs.map(({ run }) => run);
  expect(all).toHaveLength(3);
  expect(all.toSorted().toReversed()).toEqual(all);
  expect((await list(2)).runs.map(({ run }) => run)).toEqual(all.slice(0, 2));
  expect((await show(all[1]!.slice(0, -3))).runs[0]?.run).toBe(all[1]);
  await expect(show('nothing')).rejects.toMatchObject({ facts: { exitCode: 64 } });
  await expect(show('')).rejects.toThrow(/may be .* or .* or /);
});

test('a dry run leaves no trace', async () => {
  await s.start('CREATE TABLE books (id int)');
  const before = await rows();
  await s.run.up({ dryRun: true });
  await s.run.sync({ dryRun: true });
  await s.run.setup({ dryRun: true });
  await s.run.recover();
  expect(await rows()).toEqual(before);
});

test('before setup history is empty and says so, and creates nothing', async () => {
  expect(await list()).toMatchObject({
    runs: [],
    exitCode: 0,
    next: 'migrate setup',
    notices: [expect.stringContaining('no history is kept yet')],
  });
  expect((await s.run.status()).lastRun).toBeNull();
  expect(await s.fleet.query('veneer', `SELECT to_regnamespace('pgveneer') AS there`)).toEqual([
    { there: null },
  ]);
});

test('a fleet that was set up before there was a history works, says so, and gets one by the next setup', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', 'DROP TABLE pgveneer.history');
  await s.write(ADD);
  const notice =
    'this run is missing in migrate history: veneer has no table for it yet; migrate setup makes it';
  expect(await s.run.up()).toMatchObject({ exitCode: 0, notices: [notice] });
  const setup = await s.run.setup();
  expect(setup).toMatchObject({ exitCode: 0, notices: [] });
  expect(setup.members.find(({ member }) => member === 'veneer')?.state).toBe('done');
  expect((await list()).runs).toMatchObject([{ command: 'setup', state: 'done' }]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, notices: [] });
});

test('whoever holds the table holds up no step; the run says that it is missing', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const holder = await s.fleet.connect('veneer');
  await holder.query('BEGIN; LOCK TABLE pgveneer.history');
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 0,
    notices: [expect.stringContaining('missing in migrate history')],
  });
  await holder.query('ROLLBACK');
  expect((await list()).runs.map(({ run }) => run)).not.toContain(report.run);
});

test('a row whose session was cut is written with the next one, once', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write(ADD);
  const superuser = await s.fleet.connect('veneer', 'superuser');
  const cutting = s.runWith({
    at: async (point) => {
      if (point !== 'before begin:shard2') return;
      const cut = await superuser.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE '%pgveneer.history%' AND pid <> pg_backend_pid()`,
      );
      expect(cut.rowCount).toBe(1);
    },
  });
  const report = await cutting.up();
  expect(report).toMatchObject({ exitCode: 0, notices: [] });
  const { runs, steps } = await show(report.run!);
  expect(runs).toMatchObject([{ state: 'done' }]);
  expect(steps).toHaveLength(3);
});

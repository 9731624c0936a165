import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { history } from '../../src/commands/history/history.js';
import { factsOf, HOLD, letGo, TELL, writeHooks } from '../support/hooks.js';
import { signal } from '../support/hold.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { shardStates } from '../support/outcomes.js';

const s = scenario({
  config: (fleet) => bookstoreYaml(fleet).replace('rollout: {', 'rollout: { concurrency: 1,'),
});

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY)';
const ISBN = 'ALTER TABLE books ADD COLUMN isbn text';

/** Who has the column, on the shards and on the veneer. */
async function withColumn(name: string): Promise<string[]> {
  const sql = `SELECT attrelid::regclass::text AS table FROM pg_attribute WHERE attname = '${name}' ORDER BY 1`;
  const found = ['veneer', 'shard1', 'shard2', 'shard3'].map(async (member) =>
    (await s.fleet.query(member, sql)).map(({ table }) => `${member} ${String(table)}`),
  );
  return (await Promise.all(found)).flat();
}

/** Fails for the steps of one shard. */
const failOn = (shard: string) => ({
  command: `case $(cat) in *'"shard":"${shard}"'*) echo 'not now' >&2; exit 3;; esac`,
});

test('commands and SQL are told of each step before and behind it, and of the run', async () => {
  await s.start(BOOKS);
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3'])
    await s.fleet.query(member, 'CREATE TABLE public.told (fact jsonb)');
  const sql = `INSERT INTO public.told VALUES (current_setting('pgveneer.hook')::jsonb)`;
  await writeHooks(s.fleet, {
    before_step: [TELL, { sql, on: 'shards' }],
    after_step: [{ command: ['sh', '-c', 'cat >> facts'] }, { sql, on: 'veneers' }],
    after_run: [TELL, { sql, on: 'shard3' }],
  });
  const migration = await s.write(ISBN);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  const run = { fleet: s.fleet.name, run: report.run, command: 'up', who: 'test@localhost' };
  const step = (shard: string, tenants: readonly string[]) => ({
    ...run,
    step: expect.stringMatching(`^${report.run}\\.`),
    migration,
    scope: 'tenant',
    direction: 'up',
    shards: [{ shard, tenants }],
    veneers: ['veneer'],
  });
  const committed = { outcome: 'committed', attempts: 1, protocol: 'two-phase', problem: null };
  const ended = { event: 'after_step', ...committed, ms: expect.any(Number) };
  const steps = [
    step('shard1', ['bluth_co']),
    step('shard2', ['cyberdyne', 'dunder_mifflin']),
    step('shard3', ['initech']),
  ];
  const after = {
    event: 'after_run',
    ...run,
    exitCode: 0,
    ms: expect.any(Number),
    shards: steps.flatMap(({ shards }) => shards.map((shard) => ({ ...shard, state: 'done' }))),
    veneers: ['veneer'],
    steps: { committed: 3, other: 0 },
    problems: [],
  };
  expect(await factsOf(s.fleet)).toEqual([
    ...steps.flatMap((one) => [
      { event: 'before_step', ...one },
      { ...ended, ...one },
    ]),
    after,
  ]);
  const told = async (member: string) =>
    (await s.fleet.query(member, 'SELECT fact FROM public.told')).map(({ fact }) => fact);
  expect(await told('shard1')).toEqual([{ event: 'before_step', ...steps[0] }]);
  expect(await told('shard3')).toEqual([{ event: 'before_step', ...steps[2] }, after]);
  expect(await told('veneer')).toEqual(steps.map((one) => ({ ...ended, ...one })));
});

test('a before_step hook that fails: the step is not run, the run stops, and the next up goes on', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { before_step: [failOn('shard2')], after_step: [TELL] });
  const migration = await s.write(ISBN);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate up' });
  expect(shardStates(report)).toEqual(['shard1: done', 'shard2: failed', 'shard3: not started']);
  expect(report.shards[1]).toMatchObject({
    steps: [{ state: 'failed', attempts: 0 }],
    problem: {
      message: expect.stringMatching(/^the before_step hook failed: it ended with exit code 3 \(case /),
      detail: 'not now',
      where: { migration },
    },
  });
  expect(s.run.events).toContainEqual({
    type: 'hook',
    event: 'before_step',
    shard: 'shard2',
    text: 'not now',
  });
  expect((await factsOf(s.fleet)).map(({ shards }) => shards)).toEqual([
    [{ shard: 'shard1', tenants: ['bluth_co'] }],
  ]);
  expect(await withColumn('isbn')).toEqual(['veneer bluth_co.books', 'shard1 bluth_co.books']);
  await writeHooks(s.fleet, {});
  expect(shardStates(await s.run.up())).toEqual(['shard1: up to date', 'shard2: done', 'shard3: done']);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('one that fails before the first step: nothing new is committed, exit code 20', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { before_step: [{ command: ['./no-such-program'] }, TELL] });
  await s.write(ISBN);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate up' });
  expect(report.problems[0]?.message).toMatch(/it cannot be started: spawn \.\/no-such-program ENOENT/);
  expect(await withColumn('isbn')).toEqual([]);
  expect(await factsOf(s.fleet)).toEqual([]);
});

test('an after_step hook that fails: the step is committed and said to be, and nothing comes next', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { after_step: [failOn('shard2')] });
  await s.write(ISBN);
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate up' });
  expect(shardStates(report)).toEqual(['shard1: done', 'shard2: failed', 'shard3: not started']);
  expect(report.shards[1]).toMatchObject({
    steps: [{ state: 'committed' }, { state: 'not started' }],
    problem: { message: expect.stringMatching(/^committed, but the after_step hook failed: /) },
  });
  const { steps } = await history(await s.run.config(), { show: report.run ?? '' }, { who: 'x' });
  expect(steps?.map(({ shard, outcome }) => `${shard}: ${outcome}`)).toEqual([
    'shard1: committed',
    'shard1: committed',
    'shard2: committed',
  ]);
  expect(await withColumn('pages')).toEqual(['veneer bluth_co.books', 'shard1 bluth_co.books']);
  expect(await s.run.status()).toMatchObject({ exitCode: 10, drift: [] });
  await writeHooks(s.fleet, {});
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('on_error: continue holds for hooks, too', async () => {
  await s.start(BOOKS);
  await s.fleet.writeConfig((await s.fleet.readConfig()).replace('concurrency: 1', 'on_error: continue'));
  await writeHooks(s.fleet, { before_step: [failOn('shard1')], after_step: [failOn('shard2')] });
  await s.write(ISBN);
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  const report = await s.run.up();
  expect(shardStates(report)).toEqual(['shard1: failed', 'shard2: failed', 'shard3: done']);
  expect(report.shards.map(({ steps }) => steps.map(({ state }) => state))).toEqual([
    ['failed', 'not started'],
    ['committed', 'not started'],
    ['committed', 'committed'],
  ]);
});

test('an after_step hook is told of a step that failed; where it fails too, the step counts', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { after_step: [TELL, { command: 'exit 1' }], after_run: [TELL] });
  await s.write('SELECT 1/0');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20 });
  const problem = { sqlstate: '22012', where: { tenant: 'bluth_co' } };
  expect(report.shards[0]?.problem).toMatchObject({
    ...problem,
    detail: expect.stringContaining('the after_step hook failed: it ended with exit code 1'),
  });
  expect(await factsOf(s.fleet)).toMatchObject([
    { event: 'after_step', outcome: 'failed', ms: null, protocol: null, problem },
    { event: 'after_run', exitCode: 20, steps: { committed: 0, other: 3 }, problems: [problem] },
  ]);
});

test('an after_run hook that fails is said: exit code 21 where anything is committed, else 20', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { after_run: [TELL, { command: 'exit 9' }] });
  await s.write(ISBN);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate status' });
  expect(shardStates(report)).toEqual(['shard1: done', 'shard2: done', 'shard3: done']);
  expect(report.problems.map(({ message }) => message)).toEqual([
    'the after_run hook failed: it ended with exit code 9 (exit 9)',
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 20, problems: [{}] });
  expect((await factsOf(s.fleet)).map(({ steps }) => steps)).toEqual([
    { committed: 3, other: 0 },
    { committed: 0, other: 0 },
  ]);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a run that ends by an error has an after_run, too: a down to which nobody agreed', async () => {
  await s.start(`${BOOKS};\n-- Down Migration\nDROP TABLE books`);
  await writeHooks(s.fleet, { before_step: [TELL], after_run: [TELL] });
  await expect(s.run.down({ yes: false })).rejects.toThrow('may lose data');
  expect(await factsOf(s.fleet)).toMatchObject([
    { event: 'after_run', command: 'down', exitCode: 64, shards: [], problems: [{}] },
  ]);
});

test.each(['before_step', 'after_step'])('nothing of ours is locked while a %s hook runs', async (event) => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { [event]: [HOLD] });
  await s.write(ISBN);
  const ready = signal();
  const running = s.runWith({ onProgress: ({ type }) => type === 'hook' && ready.fire() }).up();
  await ready.promise;
  const NOWAIT = "SET lock_timeout = '1ms'";
  await s.fleet.query('shard1', `${NOWAIT}; BEGIN; LOCK TABLE bluth_co.books; ROLLBACK`);
  await s.fleet.query('veneer', `${NOWAIT}; ALTER FOREIGN TABLE bluth_co.books OWNER TO CURRENT_USER`);
  await letGo(s.fleet);
  expect(await running).toMatchObject({ exitCode: 0, problems: [] });
  expect(await withColumn('isbn')).toHaveLength(8);
});

test('down and redo have hooks, and so has a step of the veneers', async () => {
  await s.start(`${BOOKS};\n-- Down Migration\nDROP TABLE books`);
  await writeHooks(s.fleet, { before_step: [TELL], after_step: [TELL], after_run: [TELL] });
  const view = 'CREATE VIEW all_books AS SELECT id FROM bluth_co.books';
  await s.fleet.writeMigration('veneer/0002_all.sql', `${view};\n-- Down Migration\nDROP VIEW all_books`);
  await s.run.up();
  await s.run.redo();
  await s.run.down({ limit: { kind: 'count', count: 2 }, shards: [] });
  const facts = await factsOf(s.fleet);
  const told = (fact: Record<string, unknown>): string =>
    [fact.event, fact.command, fact.direction, fact.migration].filter(Boolean).join(' ');
  const around = (step: string): string[] => [`before_step ${step}`, `after_step ${step}`];
  expect(facts.map(told)).toEqual([
    ...around('up up veneer/0002_all'),
    'after_run up',
    ...around('redo down veneer/0002_all'),
    ...around('redo up veneer/0002_all'),
    'after_run redo',
    ...around('down down veneer/0002_all'),
    ...[1, 2, 3].flatMap(() => around('down down 0001_change')),
    'after_run down',
  ]);
  expect(facts[0]).toMatchObject({ scope: 'veneer', shards: [], veneers: ['veneer'] });
});

test('after a hook of a veneer step fails, nothing comes behind that barrier', async () => {
  await s.start(BOOKS);
  const fails = { command: `case $(cat) in *'"scope":"veneer"'*) exit 1;; esac` };
  await s.fleet.writeMigration('veneer/0002_view.sql', 'CREATE VIEW a AS SELECT 1 AS one');
  await s.fleet.writeMigration('0003_isbn.sql', ISBN);
  await writeHooks(s.fleet, { before_step: [fails] });
  expect(await s.run.up()).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed' }] });
  await writeHooks(s.fleet, { after_step: [fails] });
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 21,
    veneerSteps: [{ state: 'committed', problem: { message: expect.stringMatching(/^committed, but /) } }],
  });
  expect(shardStates(report)).toEqual(['shard1: not started', 'shard2: not started', 'shard3: not started']);
  expect(await withColumn('isbn')).toEqual([]);
});

test('a step over the whole fleet has its hooks once', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { before_step: [TELL], after_step: [TELL] });
  await s.write(ISBN);
  expect(await s.run.up({ atomic: 'fleet' })).toMatchObject({ exitCode: 0 });
  const shards = ['shard1', 'shard2', 'shard3'].map((shard) => ({ shard }));
  expect(await factsOf(s.fleet)).toMatchObject([
    { event: 'before_step', shards },
    { event: 'after_step', shards },
  ]);
});

test('--dry-run runs none, and lists them', async () => {
  await s.start(BOOKS);
  await writeHooks(s.fleet, { before_step: [TELL], after_run: [{ ...TELL, timeout: '2s' }] });
  await s.write(ISBN);
  expect(await s.run.up({ dryRun: true })).toMatchObject({
    hooks: [
      { event: 'before_step', hook: 'cat >> facts', timeoutMs: 60_000 },
      { event: 'after_run', hook: 'cat >> facts', timeoutMs: 2_000 },
    ],
  });
  expect(await factsOf(s.fleet)).toEqual([]);
});

test('no secret of the fleet is in what a hook gets, nor shown of what it prints', async () => {
  await s.start(BOOKS);
  const secrets = Object.entries(s.fleet.env)
    .filter(([name]) => /PASSWORD|URL/.test(name))
    .map(([, value]) => value);
  const password = s.fleet.env['APP_PASSWORD_SHARD1'] ?? '';
  expect(password).not.toBe('');
  await writeHooks(s.fleet, {
    after_step: [{ command: `env > got; cat >> got; echo "is ${password}"; exit 1` }],
  });
  await s.write(`DO $$ BEGIN RAISE 'password ${password}'; END $$`);
  const report = await s.run.up();
  const got = await readFile(`${s.fleet.dir}/got`, 'utf8');
  expect(got).toContain('"outcome":"failed"');
  for (const secret of secrets) expect(got).not.toContain(secret);
  expect(s.run.events).toContainEqual({ type: 'hook', event: 'after_step', shard: 'shard1', text: 'is ***' });
  expect(JSON.stringify(report.hooks)).not.toContain(password);
});

test('the SQL of a hook is planned as the server is configured, not as our catalog queries', async () => {
  await s.start(BOOKS);
  const names = ['plan_cache_mode', 'jit', 'enable_seqscan', 'random_page_cost'];
  const settings = names.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
  await writeHooks(s.fleet, {
    after_run: [{ sql: `CREATE TABLE public.seen AS SELECT ${settings}`, on: 'shard3' }],
  });
  await s.migrate(ISBN);
  expect(await s.fleet.query('shard3', 'SELECT * FROM public.seen')).toEqual(
    await s.fleet.query('shard3', `SELECT ${settings}`),
  );
});

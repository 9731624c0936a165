import { beforeAll, expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { commandsOn } from '../support/commands.js';
import { holdAt, signal } from '../support/hold.js';
import { preparedIn } from '../support/leave-attempt.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { waitingForLock } from '../support/sessions.js';
import { untilSome } from '../support/until.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { committed } from '../support/outcomes.js';

const SHARDS = ['shard1', 'shard2', 'shard3'];

/** One type on all shards, of which shard1 and shard3 show columns; each test renames its label. */
const s = scenario({ shared: true });

let migrations = 2;
let label = 0;

const roll = (rollout: string): Promise<void> =>
  s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace(/rollout: .*/, `rollout: { lock_wait: 2s, ${rollout} }`),
  );

beforeAll(async () => {
  await roll('');
  for (const shard of SHARDS)
    await s.fleet.query(shard, `CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('m0', 'glad')`);
  await s.start('CREATE TABLE books (id int); CREATE TABLE stop (id int)');
  await s.migrate(`DO $$ BEGIN IF current_setting('pgveneer.shard') <> 'shard2' THEN
    ALTER TABLE books ADD COLUMN felt shared.mood; INSERT INTO books VALUES (1, 'm0'); END IF; END $$`);
});

const next = (title: string): string => `${String(++migrations).padStart(4, '0')}_${title}`;

/** Writes a migration; answers its name. */
async function write(sql: string, scope: 'tenant' | 'shard' = 'tenant'): Promise<string> {
  const name = next('change');
  await s.fleet.writeMigration(`${scope === 'shard' ? 'shard/' : ''}${name}.sql`, sql);
  return name;
}

const renaming = (): string => `ALTER TYPE shared.mood RENAME VALUE 'm${label}' TO 'm${++label}'`;

/** Makes a migration that nobody is to have any more do nothing. */
async function mend(name: string, folder = ''): Promise<void> {
  await s.fleet.writeMigration(`${folder}${name}.sql`, 'SELECT 1');
  for (const shard of SHARDS)
    await s.fleet.query(shard, `DELETE FROM pgveneer.ledger WHERE migration = '${name}'`);
}

const writeRename = (): Promise<string> => write(renaming(), 'shard');

const states = ({ shards }: UpReport): unknown =>
  Object.fromEntries(shards.map((one) => [one.shard, one.state]));

/** The steps of a migration in the order of their ends, each with its shards and what became of it. */
async function stepsOf(migration: string): Promise<string[]> {
  const rows = await s.fleet.query(
    'veneer',
    `SELECT string_agg(shard, '+' ORDER BY shard) || ' ' || min(outcome) AS step FROM pgveneer.history
      WHERE event = 'step ended' AND migration LIKE '%${migration}' GROUP BY run, step ORDER BY min(id)`,
  );
  return rows.map(({ step }) => String(step));
}

const READ = 'SELECT felt::text FROM bluth_co.books UNION ALL SELECT felt::text FROM initech.books';

async function expectWhole(): Promise<void> {
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.up()).toMatchObject({
    ...committed,
    shards: SHARDS.map(() => ({ state: 'up to date' })),
  });
  const status = await s.run.status();
  expect(veneerDrift(status)).toEqual([]);
  expect(status).toMatchObject({ inDoubt: [] });
  const felt = { felt: `m${label}` };
  expect(await s.fleet.query('veneer', READ, 'app')).toEqual([felt, felt]);
  await assertLikeImport(s.fleet);
}

test.each(['', 'concurrency: 1', 'batch: 1, concurrency: 2'])(
  'a label of an enum that two of three shards show is renamed by plain up, in one step over exactly these two: { %s }',
  async (rollout) => {
    await roll(rollout);
    const before = await write('ALTER TABLE stop ADD COLUMN a int');
    const name = await writeRename();
    const after = await write('ALTER TABLE stop DROP COLUMN a');
    expect(await s.run.up()).toMatchObject(committed);
    expect((await stepsOf(name)).toSorted()).toEqual(['shard1+shard3 committed', 'shard2 committed']);
    for (const one of [before, after]) expect((await stepsOf(one)).join()).not.toContain('+');
    await expectWhole();
  },
);

test('a type that is renamed moves in one step, too: who has the old name alone has it not already', async () => {
  await roll('');
  const there = await write('ALTER TYPE shared.mood RENAME TO feeling', 'shard');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({
    exitCode: 20,
    problems: [{ detail: expect.stringContaining('this run leaves shard3 out') }],
  });
  const back = await write('ALTER TYPE shared.feeling RENAME TO mood', 'shard');
  expect(await s.run.up()).toMatchObject(committed);
  for (const name of [there, back])
    expect((await stepsOf(name)).filter((step) => step.endsWith(' committed')).toSorted()).toEqual([
      'shard1+shard3 committed',
      'shard2 committed',
    ]);
  await expectWhole();
});

test('no reader passes between the commits of the shards that share the type, through any of them', async () => {
  await roll('');
  await writeRename();
  const hold = holdAt('after commit prepared:shard1');
  const report = s.runWith({ at: hold.at }).up();
  await hold.reached;
  for (const tenant of ['bluth_co', 'initech']) {
    const reader = await s.fleet.connect('veneer', 'app');
    await reader.query(`SET lock_timeout = '1ms'`);
    await expect(reader.query(`SELECT felt FROM ${tenant}.books`)).rejects.toMatchObject({ code: '55P03' });
    await reader.end();
  }
  const reader = s.fleet.query('veneer', READ, 'app');
  await untilSome(s.fleet, 'veneer', waitingForLock('veneer_app', 0));
  hold.release();
  expect(await reader).toEqual([{ felt: `m${label}` }, { felt: `m${label}` }]);
  expect(await report).toMatchObject(committed);
  await expectWhole();
});

test('a shard that the selection leaves out makes the step refused by its name, before anything changes', async () => {
  await roll('');
  await writeRename();
  const report = await s.run.up({ shards: ['shard1', 'shard2'] });
  expect(report).toMatchObject({ exitCode: 21 });
  expect(states(report)).toEqual({ shard1: 'failed', shard2: 'done' });
  expect(report.problems).toEqual([
    expect.objectContaining({
      message: 'type shared.mood is shared with shard3, which would read it wrongly meanwhile',
      detail: expect.stringMatching(/on shard1 and shard3 in one step: this run leaves shard3 out$/),
      hint: 'select shard3 too, or all: migrate up',
    }),
  ]);
  expect(await s.run.up()).toMatchObject(committed);
  await expectWhole();
});

test('a shard that does not have the migration pending, or does not change the type in it, makes the step refused', async () => {
  await roll('canary: [shard1]');
  const name = next('odd');
  await s.fleet.writeMigration(
    `shard/${name}.sql`,
    `DO $$ BEGIN IF current_setting('pgveneer.shard') = 'shard1' THEN ALTER TYPE shared.mood ADD VALUE 'odd'; END IF; END $$`,
  );
  const unlike = await s.run.up();
  expect(unlike.problems[0]?.message).toBe(
    'type shared.mood changes on shard1 and not on shard3, and a veneer has only one',
  );
  expect(await s.run.up({ shards: ['shard3'] })).toMatchObject(committed);
  const late = await s.run.up();
  expect(late.problems).toEqual([
    expect.objectContaining({ detail: expect.stringContaining('shard3 does not have it pending') }),
  ]);
  expect(await s.fleet.query('veneer', READ, 'app')).toHaveLength(2);
  await mend(name, 'shard/');
  expect(await s.run.up()).toMatchObject(committed);
  await expectWhole();
});

test.each([
  ['continue', { shard1: 'failed', shard3: 'failed' }, 'shard3 did not come so far'],
  ['stop', { shard1: 'stopped', shard3: 'failed' }, null],
])('a shard that failed on its way lets nobody wait: on_error %s', async (onError, expected, detail) => {
  await roll(`on_error: ${onError}`);
  const before = await write('SELECT 1');
  const name = await write(`DO $$ BEGIN IF current_setting('pgveneer.shard') = 'shard3' THEN
    PERFORM 1 / count(*) FROM stop; END IF; END $$`);
  await writeRename();
  const others = signal();
  const run = s.runWith({
    // shard3 comes to it when the two others wait, or are through.
    at: async (point) => {
      if (point === 'before statements:initech') await others.promise;
    },
    onProgress: (event) => {
      if (event.type === 'step' && event.shard === 'shard1' && event.phase === 'waiting') others.fire();
    },
  });
  const report = await run.up();
  expect(states(report)).toMatchObject(expected);
  const refused = report.shards.find(({ shard }) => shard === 'shard1')?.problem ?? null;
  expect(refused?.detail ?? null).toEqual(detail === null ? null : expect.stringContaining(detail));
  expect(await stepsOf(before)).toHaveLength(3);
  await mend(name);
  expect(await s.run.up()).toMatchObject(committed);
  await expectWhole();
});

test('a canary shard goes ahead as far as it can, meets the others, and goes ahead again', async () => {
  await roll('canary: [shard1]');
  const before = await write('ALTER TABLE stop ADD COLUMN b int');
  const name = await writeRename();
  const after = await write('ALTER TABLE stop DROP COLUMN b');
  const alone = await s.run.up({ canary: true });
  expect(states(alone)).toEqual({ shard1: 'failed', shard2: 'not started', shard3: 'not started' });
  expect(alone.problems[0]).toMatchObject({
    detail: expect.stringContaining('shard3 is no canary shard'),
    hint: 'migrate up runs it on all of them in one step',
  });
  expect(await s.run.up()).toMatchObject(committed);
  for (const one of [before, after]) expect((await stepsOf(one))[0]).toBe('shard1 committed');
  expect(await stepsOf(name)).toEqual(['shard1 failed', 'shard1+shard3 committed', 'shard2 committed']);
  await expectWhole();
});

test('asked to end while shards wait for another one: they end at once, and the next up goes on', async () => {
  await roll('');
  await write('SELECT 1');
  await writeRename();
  const controller = new AbortController();
  const hold = holdAt('before statements:initech');
  const run = commandsOn(s.fleet, {
    signal: controller.signal,
    at: hold.at,
    onProgress: (event) => {
      if (event.type !== 'step' || event.shard !== 'shard1' || event.phase !== 'waiting') return;
      controller.abort();
      hold.release();
    },
  });
  const report = await run.up();
  expect(report).toMatchObject({ exitCode: 130 });
  expect(states(report)).toMatchObject({ shard1: 'stopped', shard3: 'interrupted' });
  expect(await s.run.up()).toMatchObject(committed);
  await expectWhole();
});

test('a tenant in which the common step fails is left out of it with skip-tenant, and the others are not', async () => {
  await roll('on_error: skip-tenant');
  await s.fleet.query('shard3', 'INSERT INTO initech.stop VALUES (NULL)');
  const name = await write(`DO $$ BEGIN IF current_setting('pgveneer.tenant') <> 'dunder_mifflin' THEN
    ${renaming()}; END IF; END $$; ALTER TABLE stop ALTER id SET NOT NULL`);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 21 });
  expect(report.shards[0]?.problem?.message).toBe(
    'type shared.mood is shared with shard3, which would read it wrongly meanwhile',
  );
  expect(report.shards.map(({ skipped }) => skipped.map(({ tenant }) => tenant))).toEqual([
    [],
    [],
    ['initech'],
  ]);
  await s.fleet.query('shard3', 'DELETE FROM initech.stop');
  expect(await s.run.up()).toMatchObject(committed);
  expect(await stepsOf(name)).toContain('shard1+shard3 committed');
  await expectWhole();
});

test('down takes it back on all that share it, in one step', async () => {
  await roll('');
  const name = next('there');
  const back = `ALTER TYPE shared.mood RENAME VALUE 'there' TO 'm${label}'`;
  await s.fleet.writeMigration(
    `shard/${name}.sql`,
    `-- Up Migration\nALTER TYPE shared.mood RENAME VALUE 'm${label}' TO 'there';\n-- Down Migration\n${back};\n`,
  );
  expect(await s.run.up()).toMatchObject(committed);
  expect(await s.run.down()).toMatchObject(committed);
  expect((await stepsOf(name)).filter((step) => step.includes('+'))).toHaveLength(2);
  expect(await s.fleet.query('veneer', READ, 'app')).toEqual([{ felt: `m${label}` }, { felt: `m${label}` }]);
  expect(await s.run.up()).toMatchObject(committed);
});

import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { PLAIN } from '../../src/render/blocks/style.js';
import { reportText } from '../../src/render/report-text.js';
import { logged } from '../support/logged.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const plan = (): string => `${s.fleet.dir}/reviewed.json`;

const MOOD = "CREATE TYPE mood AS ENUM ('sad', 'glad'); ALTER TABLE books ADD COLUMN mood mood";

/** Two migrations are pending, and a plan is made for them. */
async function rehearsePlan(): Promise<void> {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.write(MOOD);
  await s.write('ALTER TABLE books RENAME COLUMN title TO name');
  const report = await s.run.rehearse({ out: plan() });
  expect(report).toMatchObject({ exitCode: 0, plan: plan(), next: `migrate up --plan ${plan()}` });
}

test('a fresh plan is carried out as it was rehearsed, for tenants that others stood for as well; once', async () => {
  await rehearsePlan();
  const text = await readFile(plan(), 'utf8');
  expect(text).toContain('RENAME COLUMN');
  for (const secret of Object.entries(s.fleet.env).filter(([name]) => /PASSWORD|URL/.test(name)))
    expect(text).not.toContain(secret[1]);
  expect(await s.run.up({ plan: plan(), dryRun: true })).toMatchObject({
    exitCode: 0,
    next: `migrate up --plan ${plan()}`,
  });
  expect(await s.run.up({ plan: plan() })).toMatchObject({ exitCode: 0, problems: [], next: null });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
  expect(await s.run.up({ plan: plan() })).toMatchObject({ exitCode: 20, next: 'migrate rehearse' });
  await expect(s.run.rehearse({ out: plan() })).rejects.toMatchObject({
    message: expect.stringContaining('it is there already'),
    facts: { exitCode: 20 },
  });
});

test('another selection, another fleet, and what is no plan are refused', async () => {
  await rehearsePlan();
  await expect(s.run.up({ plan: plan(), shards: ['shard1'] })).rejects.toMatchObject({
    message: expect.stringContaining('another selection'),
    facts: { exitCode: 64 },
  });
  await writeFile(`${s.fleet.dir}/other.json`, '{}');
  for (const [file, message] of [
    [`${s.fleet.dir}/none.json`, 'the plan cannot be read'],
    [`${s.fleet.dir}/other.json`, 'is no plan of this version'],
  ] as const)
    await expect(s.run.up({ plan: file })).rejects.toMatchObject({
      message: expect.stringContaining(message),
      facts: { exitCode: 20 },
    });
  await s.fleet.writeConfig((await s.fleet.readConfig()).replace(/^fleet: .*/, 'fleet: other'));
  await expect(s.run.up({ plan: plan() })).rejects.toMatchObject({
    message: expect.stringContaining('is a plan for fleet'),
  });
});

test('a selection stands in the plan, and nobody else is migrated', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  await s.run.rehearse({ out: plan(), shards: ['shard2'], limit: { kind: 'count', count: 1 } });
  const report = await s.run.up({ plan: plan() });
  expect(report).toMatchObject({
    exitCode: 0,
    shards: [{ shard: 'shard2', steps: [{ migration: '0002_change' }] }],
  });
});

const NOT_NULL = 'ALTER FOREIGN TABLE dunder_mifflin.books ALTER COLUMN title SET NOT NULL';

test('a step that changes the veneer otherwise than rehearsed is rolled back before the vote', async () => {
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('rollout: {', 'rollout: { concurrency: 1,'));
  await rehearsePlan();
  let closed = 0;
  const report = await s
    .runWith({
      at: async (point) => {
        // The canary shard's first step is through, and the others have not begun.
        if (point === 'after close' && closed++ === 0) await s.fleet.query('veneer', NOT_NULL);
      },
    })
    .up({ plan: plan() });
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate rehearse' });
  expect(report.problems).toMatchObject([
    {
      message: '0002_change changes veneer otherwise than the plan that was rehearsed',
      where: { member: 'veneer', migration: '0002_change' },
      detail: expect.stringContaining(
        'not rehearsed: ALTER FOREIGN TABLE "dunder_mifflin"."books" ALTER COLUMN "title" DROP NOT NULL',
      ),
    },
  ]);
  const ledger = `SELECT FROM pgveneer.ledger WHERE migration = '0002_change'`;
  expect(await s.fleet.query('shard1', ledger)).toHaveLength(1);
  expect(await s.fleet.query('shard2', ledger)).toEqual([]);
});

test('where nothing is pending the plan is empty, and is carried out by doing nothing', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  const report = await s.run.rehearse({ out: plan() });
  expect(report).toMatchObject({ exitCode: 0, plan: plan(), next: null, steps: [] });
  expect(reportText(report, PLAIN)).toBe(`nothing is pending: the plan in ${plan()} is empty\n`);
  for (const dryRun of [true, false])
    expect(await s.run.up({ plan: plan(), dryRun })).toMatchObject({ exitCode: 0, problems: [], next: null });
  await s.write(MOOD);
  expect(await s.run.up({ plan: plan() })).toMatchObject({ exitCode: 20, next: 'migrate rehearse' });
});

test('a plan that could not be written is told before anything is locked', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.write(MOOD);
  const sent = await logged(s.fleet, 'shard1');
  await expect(s.run.rehearse({ out: `${s.fleet.dir}/nowhere/reviewed.json` })).rejects.toMatchObject({
    message: expect.stringContaining('the plan cannot be written: ENOENT'),
    facts: { exitCode: 20, hint: expect.stringContaining('a folder that is there') },
  });
  expect(await sent()).not.toContain('mood');
});

test('a rehearsal that fails writes no plan', async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.write('SELECT 1 / 0');
  expect(await s.run.rehearse({ out: plan() })).toMatchObject({ exitCode: 20, plan: null });
  await expect(readFile(plan())).rejects.toThrow('ENOENT');
});

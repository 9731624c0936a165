import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { history } from '../../src/commands/history/history.js';
import { useBookstore } from '../support/commands.js';
import { killedAt } from '../support/killed-at.js';
import { loseSessions } from '../support/lose-sessions.js';
import { protocolsOf } from '../support/outcomes.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

beforeEach(async () => {
  await useBookstore(s.fleet);
  await s.run.setup();
});

test('--protocol lock-step migrates the fleet without preparing anything', async () => {
  const report = await s.run.up({ protocol: 'lock-step' });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(new Set(protocolsOf(report))).toEqual(new Set(['lock-step', 'one server']));
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a step that PREPARE refuses runs in lock-step, and the report says so', async () => {
  await s.run.up();
  await s.fleet.writeMigration(
    '20270101000000000_temp.sql',
    'CREATE TEMP TABLE scratch (a int) ON COMMIT DROP;\nALTER TABLE books ADD COLUMN pages int;\n',
  );
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(protocolsOf(report)).toEqual(['lock-step', 'lock-step', 'lock-step']);
  expect(s.run.events).toContainEqual({ type: 'notice', text: expect.stringContaining('runs in lock-step') });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a veneer that lost its commit gets its statements again, so that a rename stays a rename', async () => {
  await s.run.up();
  await s.fleet.query('veneer', 'CREATE VIEW public.titles AS SELECT title FROM bluth_co.books');
  await s.fleet.writeMigration(
    '20270101000000000_rename.sql',
    'ALTER TABLE books RENAME COLUMN title TO name;\n',
  );
  const crashing = s.runWith({
    at: async (point) => {
      if (point === 'before commit:veneer') await loseSessions(s.fleet, ['veneer'], 'in transaction');
    },
  });
  const report = await crashing.up({ protocol: 'lock-step', shards: ['shard1'] });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
  const rows = await s.fleet.query('veneer', 'SELECT * FROM public.titles');
  expect(rows).toHaveLength(12);
});

test('for how long a veneer was behind, from the COMMIT of the shard to its own, is in the report and in the history', async () => {
  const held = s.runWith({
    at: async (point) => {
      if (point === 'after commit:shard2') await s.fleet.query('shard2', 'SELECT pg_sleep(0.05)');
    },
  });
  const first = { limit: { kind: 'count', count: 1 } } as const;
  const report = await held.up({ ...first, protocol: 'lock-step' });
  const windows = report.shards.map(({ shard, steps }) => [shard, steps[0]?.windowMs]);
  expect(windows).toEqual(['shard1', 'shard2', 'shard3'].map((shard) => [shard, expect.any(Number)]));
  expect(windows[1]?.[1]).toBeGreaterThanOrEqual(50);
  const { steps } = await history(await s.run.config(), { show: report.run ?? '' }, { who: 'reader@here' });
  const kept = steps?.map(({ shard, details }) => [shard, details.windowMs]);
  expect(kept?.toSorted()).toEqual(windows);
  const prepared = await s.run.up(first);
  expect(prepared.shards.map(({ steps }) => steps[0]?.windowMs)).toEqual([null, null, null]);
});

test('shards of one step commit one after the other: the report says so, and which did not when the second is cut off', async () => {
  await s.run.up();
  await s.fleet.writeMigration(
    '20270101000000000_pages.sql',
    'ALTER TABLE books ADD COLUMN pages int NOT NULL DEFAULT 1;\n',
  );
  const cut = s.runWith({
    at: async (point) => {
      if (point === 'before commit:shard2') await loseSessions(s.fleet, ['shard2'], 'in transaction');
    },
  });
  const together = { protocol: 'lock-step', atomic: 'fleet' } as const;
  expect(await cut.up(together)).toMatchObject({
    exitCode: 21,
    next: 'migrate up',
    problems: [
      { message: 'committed, but not on shard2, shard3: in lock-step shards commit one after the other' },
      {},
      {},
    ],
  });
  const status = await s.run.status();
  expect(status).toMatchObject({ exitCode: 10, drift: [], inDoubt: [] });
  expect(await s.fleet.query('veneer', 'SELECT pages FROM bluth_co.books LIMIT 1')).toEqual([{ pages: 1 }]);
  const again = await s.run.up(together);
  expect(again).toMatchObject({ exitCode: 0, problems: [] });
  expect(again.shards.map(({ steps }) => steps.map(({ notAtOnce }) => notAtOnce))).toEqual([
    [],
    [['shard3']],
    [['shard2']],
  ]);
  expect(again.notices).toEqual([expect.stringContaining('shard2, shard3 committed one after the other')]);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a replay waits for no reader for longer than a step does, stays in doubt, and goes through once the reader has ended', async () => {
  const yaml = (await readFile(join(s.fleet.dir, 'shards.yaml'), 'utf8')).replace(
    /rollout: .*/,
    'rollout: { lock_wait: 200ms, retries: 1 }',
  );
  await writeFile(join(s.fleet.dir, 'shards.yaml'), yaml);
  await s.run.up();
  await s.fleet.query('veneer', 'CREATE VIEW public.titles AS SELECT title FROM bluth_co.books');
  await s.fleet.writeMigration('20270101000000000_rename.sql', 'ALTER TABLE books RENAME title TO name;\n');
  const args = ['up', '--protocol', 'lock-step', '--shard', 'shard1'];
  await killedAt(s.fleet, args, 'before commit:veneer');
  const reader = await s.fleet.connect('veneer', 'app');
  await reader.query('BEGIN; SELECT count(*) FROM bluth_co.books');
  const detail = expect.stringContaining('veneer could not follow: canceling statement due to lock timeout');
  expect(await s.run.recover()).toMatchObject({
    exitCode: 22,
    next: 'migrate recover',
    settled: [{ ending: 'in doubt', detail }],
  });
  await reader.query('COMMIT');
  expect(await s.run.recover()).toMatchObject({
    exitCode: 0,
    settled: [{ ending: 'committed', detail: null }],
  });
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
  expect(await s.fleet.query('veneer', 'SELECT * FROM public.titles')).toHaveLength(12);
});

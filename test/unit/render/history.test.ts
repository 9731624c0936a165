import { expect, test } from '@jest/globals';
import { reportText } from '../../../src/render/report-text.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import type { HistoryRun, HistoryStep } from '../../../src/report/history.js';
import type { HistoryReport, StopReport } from '../../../src/report/reports.js';
import { FAILURE } from './samples.js';

const base = { fleet: 'bookstore', exitCode: 0, next: null, problems: [], notices: [] } as const;

const run = (rest: Partial<HistoryRun> = {}): HistoryRun => ({
  run: 'mi8k3x2a-4fd7a2e1',
  command: 'up',
  who: 'alice@laptop',
  client: '10.0.0.3',
  version: '0.1.0',
  began: '2026-11-21T07:02:03.456Z',
  ended: '2026-11-21T07:02:04.690Z',
  ms: 1234,
  state: 'done',
  steps: { committed: 3, other: 0 },
  stopAskedBy: null,
  problems: [],
  ...rest,
});

const step = (rest: Partial<HistoryStep> = {}): HistoryStep => ({
  step: 'mi8k3x2a-4fd7a2e1.1',
  settledBy: null,
  shard: 'shard1',
  migration: '20260101_authors',
  tenants: 1,
  protocol: 'two-phase',
  outcome: 'committed',
  attempts: 1,
  ended: '2026-11-21T07:02:04.000Z',
  ms: 41,
  problems: [],
  details: {},
  ...rest,
});

const text = (rest: Partial<HistoryReport>): string =>
  reportText({ ...base, command: 'history', runs: [], steps: null, ...rest }, PLAIN);

test('runs stand in lines: when, what, how it ended, by whom', () => {
  const killed = run({
    run: 'mi8k0000-00000000',
    state: 'ended without a word',
    ended: null,
    ms: null,
    client: null,
    steps: { committed: 1, other: 2 },
  });
  const setup = run({ run: 'mi8k0000-00000001', command: 'setup', steps: { committed: 0, other: 0 } });
  expect(text({ runs: [run(), killed, setup] })).toBe(
    `mi8k3x2a-4fd7a2e1  2026-11-21 07:02:03Z  up     done                  3 steps       1.2 s  by alice@laptop from 10.0.0.3
mi8k0000-00000000  2026-11-21 07:02:03Z  up     ended without a word  1 of 3 steps         by alice@laptop
mi8k0000-00000001  2026-11-21 07:02:03Z  setup  done                                1.2 s  by alice@laptop from 10.0.0.3
`,
  );
});

test('a run is shown with its steps, times and statements, a problem once', () => {
  const statements = { sql: ['CREATE TABLE authors (id int)'], leftOut: 2 };
  const phases = [
    { phase: 'running', ms: 0 },
    { phase: 'veneer', ms: 12 },
    { phase: 'committed', ms: 41 },
  ] as const;
  const veneerStatements = { veneer: { sql: ['CREATE FOREIGN TABLE a (id int)'], leftOut: 0 } };
  const locks = [{ veneer: 'veneer', table: 'a.authors', ms: 9 }];
  const steps = [
    step({ details: { phases, statements, veneerStatements, locks } }),
    step({
      step: 'mi8k3x2a-4fd7a2e1.2',
      shard: 'shard2',
      tenants: 2,
      protocol: null,
      outcome: 'failed',
      attempts: 3,
      ms: 2100,
      problems: [FAILURE],
      details: { statements },
    }),
    step({
      step: 'mi8k3x2a-4fd7a2e1.3',
      shard: null,
      tenants: null,
      protocol: null,
      ms: null,
      settledBy: 'mi8later-0',
    }),
  ];
  const shown = run({ state: 'stopped', stopAskedBy: 'bob@ci', problems: [FAILURE] });
  expect(text({ runs: [shown], steps })).toBe(`mi8k3x2a-4fd7a2e1  up  stopped
  by alice@laptop from 10.0.0.3, pg-veneer 0.1.0
  began 2026-11-21T07:02:03.456Z, ended 2026-11-21T07:02:04.690Z, 1.2 s
  bob@ci asked it to end (migrate stop)
  error: relation "books" already exists [42P07]
    at shard2 · tenant cyberdyne · migrations/20260102_books.sql:12:8
    detail: statement: CREATE TABLE books (id int)
    hint: drop it, or take it out of the migration

  mi8k3x2a-4fd7a2e1.1  shard1  20260101_authors  committed  1 tenant, two-phase, its tables locked for 9 ms, 41 ms
    running at 0 ms, veneer at 12 ms, committed at 41 ms
  mi8k3x2a-4fd7a2e1.2  shard2  20260101_authors  failed     2 tenants, 3 attempts, 2.1 s
  mi8k3x2a-4fd7a2e1.3          20260101_authors  committed                                                          settled by run mi8later-0

-- 20260101_authors, for each tenant of: shard1, shard2
CREATE TABLE authors (id int);
-- … and 2 more, which were not kept

-- on veneer, step mi8k3x2a-4fd7a2e1.1
CREATE FOREIGN TABLE a (id int);
`);
});

test('an empty history says whether nothing was done or nothing is kept', () => {
  expect(text({})).toBe('fleet bookstore: nothing was done yet\n');
  expect(text({ next: 'migrate setup', notices: ['no history is kept yet'] })).toBe(
    'notice: no history is kept yet\n\nnext: migrate setup\n',
  );
});

test('no control character of a name reaches the terminal', () => {
  const shown = text({ runs: [run({ who: 'a\u001B[31m\nb' })] });
  expect(shown).not.toContain('\u001B');
  expect(shown.trimEnd().split('\n')).toHaveLength(1);
});

const stopReport = (rest: Partial<StopReport>): string =>
  reportText(
    { ...base, command: 'stop', state: 'ended', run: null, outcome: null, ms: 1234, ...rest },
    PLAIN,
  );

const runner = {
  run: 'mi8k3x2a-4fd7a2e1',
  command: 'up',
  who: 'alice@laptop',
  client: '10.0.0.3',
  pid: 42,
  since: '2026-11-21T07:02:03Z',
};
const named = 'run mi8k3x2a-4fd7a2e1 (up by alice@laptop from 10.0.0.3, pid 42, since 2026-11-21T07:02:03Z)';

test('stop tells whom it asked and what came of it', () => {
  expect(stopReport({ state: 'no runner' })).toBe(
    'nobody works on fleet bookstore: there is nothing to stop\n',
  );
  expect(stopReport({ run: runner, outcome: 'stopped' })).toBe(`${named} has ended: stopped, after 1.2 s\n`);
  const problem = { message: 'still there', exitCode: 30, hint: 'it stays asked' } as const;
  const waiting = {
    state: 'still running',
    problems: [problem],
    exitCode: 30,
    next: 'migrate stop',
  } as const;
  expect(stopReport({ ...waiting, run: { ...runner, client: null, since: null } })).toBe(
    `run mi8k3x2a-4fd7a2e1 (up by alice@laptop, pid 42) was asked to end

error: still there
  hint: it stays asked

next: migrate stop
`,
  );
  expect(stopReport({ ...waiting, state: 'not asked', run: { ...runner, run: null } })).toMatch(/^error: /);
});

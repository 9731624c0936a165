import { expect, test } from '@jest/globals';
import { reportText } from '../../../src/render/report-text.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import { FAILURE, step, upReport, upShard } from './samples.js';

const text = (report: ReturnType<typeof upReport>): string => reportText(report, PLAIN);

const undone = { state: 'not started', ms: null, protocol: null } as const;

test('a run that did all it should', () => {
  const locks = [
    { veneer: 'veneer', table: 'books', ms: 12 },
    { veneer: 'veneer', table: 'authors', ms: 31 },
  ];
  const veneerStatements = { veneer: ['a', 'b'] };
  const onVeneer = { protocol: 'two-phase', veneerStatements, locks, attempts: 3 } as const;
  const shard = upShard('shard1', { steps: [step('20260101_authors', onVeneer), step('20260102_books')] });
  expect(text(upReport([shard]))).toBe(`shard1  done  2 steps  1 tenant
  ✔  20260101_authors  two-phase, 2 statements on the veneer, its tables locked for 31 ms, 41 ms, 3 attempts
  ✔  20260102_books    one server, 41 ms

2 steps committed in 1.2 s
`);
});

test('a run with nothing to do', () => {
  expect(text(upReport([upShard('shard1', { state: 'up to date' })]))).toBe(`shard1  up to date    1 tenant

nothing to do: every migration is applied
`);
});

test('a failure shows its message once, and who is where', () => {
  const failed = upShard('shard2', {
    state: 'failed',
    tenants: ['cyberdyne', 'dunder_mifflin'],
    steps: [
      step('20260101_authors', { tenants: ['cyberdyne', 'dunder_mifflin'] }),
      step('20260102_books', { ...undone, state: 'failed', tenants: ['cyberdyne'] }),
      step('20260103_tags', undone),
    ],
    problem: FAILURE,
  });
  const ahead = upShard('shard1', {
    steps: [step('20260101_authors'), step('20260102_books'), step('20260103_tags')],
  });
  const waiting = upShard('shard3', {
    state: 'not started',
    steps: [step('20260101_authors', undone)],
  });
  const away = upShard('shard4', { state: 'unreachable' });
  const report = upReport([ahead, failed, waiting, away], {
    exitCode: 21,
    next: 'migrate up',
    problems: [FAILURE],
    notices: ['something to read'],
  });
  expect(text(report)).toBe(`shard1  done         3 steps       1 tenant
  ✔  20260101_authors  one server, 41 ms
  ✔  20260102_books    one server, 41 ms
  ✔  20260103_tags     one server, 41 ms
shard2  failed       1 of 3 steps  2 tenants
  ✔  20260101_authors  one server, 41 ms
  ✖  20260102_books    failed, for 1 of 2 tenants
  ·  20260103_tags     not started, for 1 of 2 tenants
  error: relation "books" already exists [42P07]
    at shard2 · tenant cyberdyne · migrations/20260102_books.sql:12:8
    detail: statement: CREATE TABLE books (id int)
    hint: drop it, or take it out of the migration
shard3  not started  0 of 1 step   1 tenant
  ·  20260101_authors  not started
shard4  unreachable                1 tenant

who is where:
  at 20260103_tags, the last  shard1
  at 20260101_authors         shard2
  before 20260101_authors     shard3
  unreachable                 shard4

notice: something to read

next: migrate up
`);
});

test('a dry run prints each statement once, and what it is for', () => {
  const sql = ['CREATE TABLE a (id int)', 'SELECT 1 -- one', 'SELECT 2;'];
  const planned = step('20260101_authors', { state: 'planned', statements: sql, ms: null });
  const shards = [
    upShard('shard1', { state: 'not started', steps: [planned] }),
    upShard('shard2', { state: 'not started', steps: [planned] }),
    upShard('shard3', { state: 'up to date' }),
  ];
  expect(text(upReport(shards, { dryRun: true, next: 'migrate up' }))).toBe(`dry run: nothing was changed

shard1  1 step to do  1 tenant
shard2  1 step to do  1 tenant
shard3  up to date    1 tenant

-- 20260101_authors, for each tenant of: shard1 (acme), shard2 (acme)
CREATE TABLE a (id int);
SELECT 1 -- one
;
SELECT 2;

-- what changes on the veneer is read inside of each step, when it runs

next: migrate up
`);
});

test('of a large run only the shards that are not clean show their steps', () => {
  const steps = Array.from({ length: 30 }, (_, index) => step(`m${index}`));
  const lines = text(
    upReport(
      [
        upShard('shard1', { steps }),
        upShard('shard2', { state: 'failed', steps: steps.with(29, step('m29', { state: 'failed' })) }),
      ],
      { exitCode: 21 },
    ),
  ).split('\n');
  expect(lines.filter((line) => line.includes('✔'))).toHaveLength(29);
  expect(lines.filter((line) => line.includes('✖'))).toHaveLength(1);
});

test('what an earlier run left comes first', () => {
  const settled = [
    {
      step: 's1',
      migration: 'm1',
      members: ['shard1', 'veneer'],
      ending: 'committed',
      detail: null,
      hint: null,
      behind: [],
    },
    {
      step: 's2',
      migration: null,
      members: ['shard2'],
      ending: 'in doubt',
      detail: 'shard2 is away',
      hint: 'wait',
      behind: [],
    },
  ] as const;
  expect(text(upReport([], { settled, exitCode: 22, next: 'migrate recover' }))).toBe(`left by an earlier run:
  m1 on shard1, veneer: committed
  step s2 on shard2: in doubt
    shard2 is away
    wait

next: migrate recover
`);
});

test('where nothing was begun, nobody is ahead', () => {
  const shards = [upShard('shard1', { state: 'unreachable' }), upShard('shard2', { state: 'not started' })];
  expect(text(upReport(shards, { exitCode: 23 }))).not.toContain('who is where');
});

test('a problem that no shard shows comes at the end', () => {
  const report = upReport([upShard('shard1')], { exitCode: 20, problems: [FAILURE] });
  expect(text(report).split('\n')[2]).toBe('error: relation "books" already exists [42P07]');
});

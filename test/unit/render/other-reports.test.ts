import { expect, test } from '@jest/globals';
import { failureJson, reportJson } from '../../../src/render/json.js';
import { reportText } from '../../../src/render/report-text.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import type { Report, SandboxReport, SetupReport, SyncReport } from '../../../src/report/reports.js';
import { FAILURE } from './samples.js';

const base = { fleet: 'bookstore', exitCode: 0, next: null, problems: [], notices: [] } as const;
const text = (report: Report): string => reportText(report, PLAIN);

const member = (name: string, rest: Partial<SetupReport['members'][number]>) =>
  ({
    member: name,
    role: 'shard',
    state: 'done',
    statements: [],
    rewritten: 0,
    forSuperuser: [],
    problem: null,
    ...rest,
  }) as const;

test('setup tells what was done, and gives a superuser the SQL as it can be copied', () => {
  const problem = { message: 'shard2 lacks a right', exitCode: 20 } as const;
  const members = [
    member('shard1', { statements: ['a', 'b'] }),
    member('shard2', { state: 'failed', problem, forSuperuser: ['CREATE EXTENSION x', 'CREATE ROLE "y";'] }),
    member('veneer', { role: 'veneer', state: 'nothing to do', statements: ['c'], rewritten: 1 }),
  ];
  const report = {
    ...base,
    command: 'setup',
    dryRun: false,
    members,
    problems: [problem],
    exitCode: 20,
  } as const;
  expect(text({ ...report, next: 'migrate setup' })).toBe(`shard1  shard   done           2 statements
shard2  shard   failed
  error: shard2 lacks a right
veneer  veneer  nothing to do  1 user mapping set again, since this user cannot read it

-- on shard2, as a superuser
CREATE EXTENSION x;
CREATE ROLE "y";

next: migrate setup
`);
});

test('setup --dry-run prints every statement', () => {
  const members = [member('shard1', { state: 'planned', statements: ['CREATE SCHEMA a', 'GRANT b'] })];
  expect(text({ ...base, command: 'setup', dryRun: true, members, next: 'migrate setup' }))
    .toBe(`dry run: nothing was changed

shard1  shard  planned  2 statements

-- on shard1
CREATE SCHEMA a;
GRANT b;

next: migrate setup
`);
});

const veneer = (name: string, rest: Partial<SyncReport['veneers'][number]>) =>
  ({ veneer: name, state: 'in line', statements: [], problem: null, ...rest }) as const;

test('sync tells per veneer what was repaired', () => {
  const veneers = [
    veneer('eu', { state: 'repaired', statements: ['ALTER FOREIGN TABLE a ADD COLUMN b text'] }),
    veneer('usa', {}),
    veneer('veneer3', { state: 'failed', problem: FAILURE }),
  ];
  const report = { ...base, command: 'sync', dryRun: false, settled: [], veneers, exitCode: 21 } as const;
  expect(text({ ...report, next: 'migrate sync', problems: [FAILURE] })).toBe(`eu       repaired  1 statement
usa      in line
veneer3  failed
  error: relation "books" already exists [42P07]
    at shard2 · tenant cyberdyne · migrations/20260102_books.sql:12:8
    detail: statement: CREATE TABLE books (id int)
    hint: drop it, or take it out of the migration

-- ran on eu
ALTER FOREIGN TABLE a ADD COLUMN b text;

next: migrate sync
`);
});

test('recover tells what was settled, or that there was nothing', () => {
  const settled = [
    {
      step: 's1',
      migration: 'm1',
      members: ['shard1', 'veneer'],
      ending: 'rolled back',
      detail: null,
      hint: null,
      behind: [],
    },
  ] as const;
  expect(text({ ...base, command: 'recover', dryRun: false, settled })).toBe(
    'left by an earlier run:\n  m1 on shard1, veneer: rolled back\n',
  );
  expect(text({ ...base, command: 'recover', dryRun: false, settled: [] })).toBe(
    'fleet bookstore: nothing was found to settle\n',
  );
});

const sandbox = (rest: Partial<SandboxReport>): SandboxReport => ({
  ...base,
  command: 'sandbox',
  action: 'status',
  servers: [],
  url: null,
  ...rest,
});

test('the sandbox shows its servers', () => {
  const server = { name: 'veneer', port: 6000, running: true, pid: 42, log: '/p/log', changed: true };
  const stopped = { ...server, name: 'shard1', port: null, running: false, pid: null, changed: false };
  expect(text(sandbox({ servers: [server, stopped] }))).toBe(
    'veneer  started  localhost:6000  pid 42  /p/log\nshard1  stopped                          /p/log\n',
  );
  expect(text(sandbox({ next: 'migrate sandbox start' }))).toBe(
    'this project has no sandbox\n\nnext: migrate sandbox start\n',
  );
  expect(text(sandbox({ action: 'logs' }))).toBe('');
});

test('sandbox url prints the url alone, as text and in JSON whole; no other report prints one', () => {
  const url = 'postgres://admin:geheim@localhost:6000/bookstore';
  expect(text(sandbox({ action: 'url', url }))).toBe(`${url}\n`);
  expect(JSON.parse(reportJson(sandbox({ action: 'url', url })))).toMatchObject({ url });
  const report = sandbox({ notices: [`see ${url}`] });
  expect(text(report) + reportJson(report)).not.toContain('geheim');
});

test('JSON is one document; a failure has one too', () => {
  const report = sandbox({ notices: ['a\u001B"b'] });
  expect(JSON.parse(reportJson(report))).toEqual(report);
  expect(
    JSON.parse(
      failureJson({
        command: null,
        exitCode: 20,
        problems: [{ ...FAILURE, message: 'postgres://a:geheim@b' }],
      }),
    ),
  ).toEqual({
    command: null,
    exitCode: 20,
    problems: [{ ...FAILURE, message: 'postgres://***' }],
  });
});

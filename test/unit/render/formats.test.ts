import { expect, test } from '@jest/globals';
import { FORMATS, type Format } from '../../../src/render/format.js';
import { eventLine } from '../../../src/render/json.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import { failureIn, reportIn } from '../../../src/render/report-in.js';
import type { Report } from '../../../src/report/reports.js';
import type { Progress } from '../../../src/report/progress.js';
import { drift, FAILURE, statusReport, upReport, upShard } from './samples.js';

const AT = new Date('2026-01-05T09:00:00.000Z');
const circumstances = { style: PLAIN, at: AT };
const shown = (format: Format, report: Report): string => reportIn(format, report, circumstances);

const URL = 'postgres://ann:geheim@db:5432/shop';
const leak = { ...FAILURE, message: `could not connect: ${URL}`, detail: `"${URL}"`, hint: `try ${URL}` };

const LEAKING: readonly Report[] = [
  upReport([upShard('shard1', { state: 'failed', problem: leak })], {
    problems: [leak],
    notices: [URL],
    exitCode: 20,
    next: 'migrate up',
  }),
  statusReport({
    fleet: URL,
    problems: [leak],
    members: [
      { member: `shard ${URL}`, role: 'shard', reachable: false, setUp: false, version: null, problem: leak },
    ],
    drift: [{ ...drift('error', URL), where: { shard: URL }, text: URL, cure: URL }],
  }),
];

test.each(FORMATS)('as %s, no password of a message of a server is told', (format) => {
  for (const report of LEAKING) expect(shown(format, report)).not.toContain('geheim');
  const failure = { command: 'up', exitCode: 20, problem: leak, problems: [leak] } as const;
  expect(failureIn(format, failure, circumstances) ?? '').not.toContain('geheim');
});

test('nor by an event, in any of its texts', () => {
  const step = {
    type: 'step',
    shard: URL,
    migration: URL,
    index: 1,
    of: 1,
    phase: 'failed',
    tenants: 1,
  } as const;
  const events: readonly Progress[] = [
    { type: 'notice', text: URL },
    { type: 'hook', event: 'after_step', shard: null, text: `psql: ${URL}` },
    { ...step, why: `could not connect: ${URL}` },
  ];
  for (const event of events) {
    expect(eventLine(event, AT)).not.toContain('geheim');
    expect(eventLine(event, AT)).toContain('***');
  }
});

test('a line of ndjson is one line: an event as it came with its time, a report as in JSON', () => {
  const event = { type: 'notice', text: 'a\nb' } as const;
  expect(eventLine(event, AT)).toBe('{"type":"notice","at":"2026-01-05T09:00:00.000Z","text":"a\\nb"}\n');
  const report = upReport([upShard('shard1')], { notices: ['a\nb'] });
  const line = shown('ndjson', report);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  const { type, at, ...rest } = JSON.parse(line) as Record<string, unknown>;
  expect({ type, at }).toEqual({ type: 'report', at: AT.toISOString() });
  expect(rest).toEqual(JSON.parse(shown('json', report)));
});

test('the last line of a command without a report is marked like one', () => {
  const failure = { command: null, exitCode: 64, problem: FAILURE, problems: [FAILURE] } as const;
  expect(JSON.parse(failureIn('ndjson', failure, circumstances) ?? '')).toEqual({
    type: 'report',
    at: AT.toISOString(),
    command: null,
    exitCode: 64,
    problems: [FAILURE],
  });
});

test('a failure is told in each form but that of metrics', () => {
  const failure = { command: 'up', exitCode: 20, problem: FAILURE, problems: [FAILURE] } as const;
  const told = FORMATS.filter((format) =>
    failureIn(format, failure, circumstances)?.includes('already exists'),
  );
  expect(told).toEqual(FORMATS.filter((format) => format !== 'prometheus'));
});

test('a document has the headline, tables, statements and what to type next', () => {
  const report = upReport([upShard('shard1'), upShard('shard2', { state: 'failed', problem: FAILURE })], {
    exitCode: 21,
    next: 'migrate up',
    problems: [FAILURE],
  });
  const text = shown('markdown', report);
  expect(text).toContain('### migrate up · fleet bookstore · exit code 21, partial\n');
  expect(text).toContain('| shard | state | steps | tenants |\n');
  expect(text).toContain('error: **relation "books" already exists** \\[42P07\\]\n');
  expect(text.trimEnd().split('\n').at(-1)).toBe('**next:** `migrate up`');
  const page = shown('html', report);
  expect(page).toContain('<h1>migrate up · fleet bookstore · exit code 21, partial</h1>');
  expect(page).toContain('<code>migrate up</code>');
});

test('what only metrics have is there for status alone', () => {
  expect(shown('prometheus', statusReport())).toContain('pgveneer_status_exit_code{fleet="bookstore"} 0\n');
  expect(shown('prometheus', upReport([]))).toBe('');
});

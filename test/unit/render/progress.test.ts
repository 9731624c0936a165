import { expect, test } from '@jest/globals';
import { openDisplay } from '../../../src/render/progress/open-display.js';
import { listDisplay } from '../../../src/render/progress/list-display.js';
import { stepTitle } from '../../../src/render/progress/progress-text.js';
import type { Progress, StepProgress } from '../../../src/report/progress.js';

const step = (phase: StepProgress['phase'], rest: Partial<StepProgress> = {}): StepProgress => ({
  type: 'step',
  shard: 'shard2',
  migration: '20260101_books',
  index: 3,
  of: 5,
  phase,
  tenants: 2,
  ...rest,
});

const EVENTS: readonly Progress[] = [
  { type: 'settled', text: 'm1 on shard1: committed' },
  { type: 'planned', shards: [{ shard: 'shard2', steps: 5, tenants: 2 }] },
  {
    type: 'planned',
    shards: [
      { shard: 'shard2', steps: 5, tenants: 2 },
      { shard: 'veneers', steps: 1, tenants: 0, isVeneers: true },
    ],
  },
  step('running', { tenantsDone: 1 }),
  step('preparing'),
  step('retrying', { why: 'canceling statement due to lock timeout\nDETAIL: x' }),
  step('committed', { ms: 41 }),
  step('failed', { why: 'boom' }),
  { type: 'notice', text: 'a BEGIN was dropped' },
  { type: 'analyzing', veneer: 'veneer', shard: 'shard2', tables: 1 },
  { type: 'shard ended', shard: 'shard2', state: 'done', ms: 1500 },
  { type: 'shard ended', shard: 'shard3', state: 'failed', ms: 12 },
  { type: 'shard ended', shard: 'shard4', state: 'not started', ms: 0 },
];

test('lines: one per step that ended or is tried again, one per shard', async () => {
  const lines: string[] = [];
  const display = await openDisplay({ kind: 'lines', rows: 24, write: (line) => lines.push(line) });
  for (const event of EVENTS) display.onProgress(event);
  expect(await display.end()).toBe(true);
  expect(lines).toEqual([
    'settled: m1 on shard1: committed',
    '5 steps to do on 1 shard',
    '6 steps to do on 1 shard and the veneers',
    '[shard2] 3/5 20260101_books retrying: canceling statement due to lock timeout',
    '[shard2] 3/5 20260101_books committed for 2 tenants in 41 ms',
    '[shard2] 3/5 20260101_books failed: boom',
    'notice: a BEGIN was dropped',
    '[shard2] analyzing 1 foreign table on veneer',
    '[shard2] done in 1.5 s',
    '[shard3] failed after 12 ms',
    '[shard4] not started',
  ]);
});

test('with --json nothing is shown', async () => {
  const lines: string[] = [];
  const display = await openDisplay({ kind: 'none', rows: 24, write: (line) => lines.push(line) });
  for (const event of EVENTS) display.onProgress(event);
  expect(await display.end()).toBe(false);
  expect(lines).toEqual([]);
});

test('a fleet of more shards than the list has rows gets lines', async () => {
  const shown: Progress[] = [];
  const lines = {
    onProgress: (event: Progress) => shown.push(event),
    say: () => false,
    end: async () => true,
  };
  const display = listDisplay(lines, 0);
  for (const event of EVENTS) display.onProgress(event);
  expect(await display.end()).toBe(true);
  expect(shown).toEqual(EVENTS);
});

test.each([
  [step('preparing'), 'shard2  3/5 20260101_books  2 tenants  preparing'],
  [step('running', { tenantsDone: 1 }), 'shard2  3/5 20260101_books  2 tenants  running 1/2'],
  [
    step('retrying', { why: 'lock timeout' }),
    'shard2  3/5 20260101_books  2 tenants  retrying: lock timeout',
  ],
  [
    step('veneer', { shard: 'a\nb\u001B[2J' }),
    String.raw`a\nb\u001b[2J  3/5 20260101_books  2 tenants  veneer`,
  ],
])('the row of a shard at work', (event, title) => {
  expect(stepTitle(event)).toBe(title);
});

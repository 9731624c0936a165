import { expect, test } from '@jest/globals';
import { cut, kept, LONGEST_TEXT } from '../../../src/protocol/history/history-rows.js';
import { startPhaseClock } from '../../../src/protocol/history/phase-clock.js';

test('statements are kept as far as there is room, and the rest is counted', () => {
  expect(kept(['a', 'b'])).toEqual({ sql: ['a', 'b'], leftOut: 0 });
  expect(kept([])).toEqual({ sql: [], leftOut: 0 });
  const long = 'x'.repeat(LONGEST_TEXT);
  expect(kept(Array.from({ length: 100 }, () => long))).toMatchObject({ sql: { length: 8 }, leftOut: 92 });
});

test('one statement of megabytes takes no more room than is kept of it', () => {
  const huge = 'x'.repeat(3_000_000);
  expect(kept([huge, 'b'])).toMatchObject({ sql: { length: 2 }, leftOut: 0 });
  expect(cut(huge)).toHaveLength(LONGEST_TEXT + 1);
});

test('a text is never cut within a character: half of one is no JSON for PostgreSQL', () => {
  const text = cut(`${'x'.repeat(LONGEST_TEXT - 1)}🐘🐘`);
  expect(text).toBe(`${'x'.repeat(LONGEST_TEXT - 1)}…`);
  expect(cut('🐘')).toBe('🐘');
});

test('a phase is noted once, when it begins; a new attempt notes its own', () => {
  const clock = startPhaseClock();
  for (const phase of ['running', 'running', 'veneer'] as const) clock.note(phase);
  clock.note('retrying', 'a lock');
  clock.note('running');
  const { phases, ms } = clock.read();
  expect(phases.map(({ phase, why }) => [phase, why])).toEqual([
    ['running', undefined],
    ['veneer', undefined],
    ['retrying', 'a lock'],
    ['running', undefined],
  ]);
  expect(phases.map((one) => one.ms).toSorted((a, b) => a - b)).toEqual(phases.map((one) => one.ms));
  expect(ms).toBeGreaterThanOrEqual(phases.at(-1)!.ms);
});

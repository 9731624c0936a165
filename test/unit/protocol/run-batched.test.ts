import { expect, test } from '@jest/globals';
import type { Session } from '../../../src/postgres/session.js';
import { inTime } from '../../../src/protocol/align/run-batched.js';
import { startBudget } from '../../../src/protocol/lane/budget.js';

// What is built of it alone: nothing is asked.
const session = { member: 'veneer', server: { deadlockTimeoutMs: 1_000 } } as Session;
const budget = startBudget({ lockWaitMs: 500, lockHoldMs: 30_000 });

const pieces = (count: number): { statements: string[] }[] =>
  Array.from({ length: count }, (_, index) => ({ statements: [`a ${index}`, `b ${index}`] }));

test('lock_timeout is lowered before every tenth piece that may wait, and each statement has its piece', () => {
  const all = pieces(45);
  const timed = inTime(session, budget, all, () => true);
  const lowered = timed.flatMap(({ sql, piece }) =>
    sql.includes('lock_timeout') ? [all.indexOf(piece)] : [],
  );
  expect(lowered).toEqual([10, 20, 30, 40]);
  expect(timed.flatMap(({ sql }) => (sql.includes('lock_timeout') ? [] : [sql]))).toEqual(
    all.flatMap(({ statements }) => statements),
  );
});

test('what waits for nobody is not counted', () => {
  const all = pieces(45);
  const timed = inTime(session, budget, all, (piece) => all.indexOf(piece) % 2 === 0);
  const lowered = timed.flatMap(({ sql, piece }) =>
    sql.includes('lock_timeout') ? [all.indexOf(piece)] : [],
  );
  expect(lowered).toEqual([20, 40]);
});

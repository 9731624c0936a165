import { expect, test } from '@jest/globals';
import { startBudget } from '../../../src/protocol/lane/budget.js';

const isUsedUpAtOnce = (lockHoldMs: number): boolean =>
  startBudget({ lockWaitMs: 500, lockHoldMs }).isUsedUp();

test('lock_hold is used up a little before its end: a server whose clock is ahead ends a statement then', () => {
  expect(isUsedUpAtOnce(2)).toBe(true);
  expect(isUsedUpAtOnce(3_600_000)).toBe(false);
});

import type { RolloutConfig } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';

/** What is left of an attempt's two budgets (PROTOCOL section 8), by the runner's clock. */
export interface Budget {
  /**
   * SET LOCAL of what is left, to stand before the statements of a transaction. Throws (exit 20) when nothing is.
   * lock_timeout bounds each lock, statement_timeout each statement: neither bounds the attempt, the clock does.
   */
  limits(): string;
  /** Milliseconds since the attempt began. */
  elapsed(): number;
}

export function startBudget({ lockWaitMs, lockHoldMs }: RolloutConfig): Budget {
  const start = performance.now();
  const elapsed = (): number => Math.round(performance.now() - start);
  return {
    elapsed,
    limits(): string {
      const left = lockHoldMs - elapsed();
      if (left <= 0) throw holdExceeded(lockHoldMs);
      const wait = Math.max(1, Math.min(lockWaitMs, left));
      return `SET LOCAL lock_timeout = ${wait}; SET LOCAL statement_timeout = ${left}`;
    },
  };
}

/** The attempt held its locks for the whole budget. */
export const holdExceeded = (lockHoldMs: number, statement?: string): VeneerError =>
  new VeneerError(`the step held its locks for ${lockHoldMs} ms, all that rollout.lock_hold allows`, {
    exitCode: EXIT.failed,
    ...(statement === undefined ? {} : { detail: `it was running: ${statement.slice(0, 200)}` }),
    hint: 'raise rollout.lock_hold for this run, or split the migration',
  });

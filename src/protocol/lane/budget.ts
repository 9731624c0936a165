import type { RolloutConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { ServerFacts } from '../../postgres/server-facts.js';
import type { Session } from '../../postgres/session.js';

/** The clock of one attempt: what is left of its two budgets (PROTOCOL section 8), and which tables it locks. */
export interface Budget {
  /**
   * SET LOCAL of what is left, statements to stand before those of a transaction. Throws (exit 20) when nothing is.
   * These are a second net: they bound one lock and one statement; `watched` keeps the budgets of the attempt.
   */
  limits(session: Session): readonly string[];
  /** To stand among lock statements of one text: lowers lock_timeout by what the text took so far. */
  shrink(session: Session): string;
  /** The same limits as SQL expressions by setting, for the middle of a text: what is left then. Throws as `limits` does. */
  shrinking(session: Session): Readonly<Record<'lock_timeout' | 'statement_timeout', string>>;
  /** Counts time (milliseconds) that a session spent waiting for locks; true once the budget for it is used up. */
  addWait(ms: number, session: Session): boolean;
  /** Milliseconds since the attempt began. */
  elapsed(): number;
  holdLeft(): number;
  /** Nothing is left of lock_hold, by this clock or by that of a server which may be a little ahead of it. */
  isUsedUp(): boolean;
  /**
   * A table of a veneer is locked from now on, or is being waited for, which blocks the application as well. Answers
   * whether that is new: what was noted before is locked, else the attempt would have failed.
   */
  noteLocked(veneer: string, table: string): boolean;
  /** Milliseconds for which each table was locked, up to now. */
  lockDurations(): LockDuration[];
}

/** For how long a table of a veneer was locked, in milliseconds. */
export interface LockDuration {
  readonly veneer: string;
  readonly table: string;
  readonly ms: number;
}

/**
 * Of the server's deadlock_timeout. A session that has waited for that long looks for a cycle and ends itself where
 * it finds one: were we still waiting then, the victim could be the application's session. It may have begun to wait
 * with our first lock, so the bound is for all waits of an attempt together.
 */
const BELOW_DEADLOCK_TIMEOUT = 0.8;

/** Of two clocks that are being set right in opposite directions, by 500 ppm each; and what milliseconds are rounded to. */
const clocksApart = (ms: number): number => 2 + ms / 1_000;

/** Milliseconds that an attempt may wait for locks on a server: rollout.lock_wait, or less where its deadlock_timeout asks for it. */
export const lockBound = (
  lockWaitMs: number,
  { deadlockTimeoutMs }: Pick<ServerFacts, 'deadlockTimeoutMs'>,
): number => Math.min(lockWaitMs, BELOW_DEADLOCK_TIMEOUT * deadlockTimeoutMs);

/** The budget of one attempt, which begins now. */
export function startBudget({
  lockWaitMs,
  lockHoldMs,
}: Pick<RolloutConfig, 'lockWaitMs' | 'lockHoldMs'>): Budget {
  const start = performance.now();
  const locked = new Map<string, { readonly veneer: string; readonly table: string; readonly at: number }>();
  let waited = 0;
  const elapsed = (): number => Math.round(performance.now() - start);
  const holdLeft = (): number => lockHoldMs - elapsed();
  const patience = ({ server }: Session): number => {
    return Math.max(1, Math.floor(lockBound(lockWaitMs, server) - waited));
  };
  return {
    elapsed,
    holdLeft,
    isUsedUp: () => holdLeft() <= clocksApart(lockHoldMs),
    limits(session: Session): readonly string[] {
      const left = holdLeft();
      if (left <= 0) throw new HoldExceeded(lockHoldMs);
      return [
        `SET LOCAL lock_timeout = ${Math.min(patience(session), left)}`,
        `SET LOCAL statement_timeout = ${left}`,
      ];
    },
    shrink: (session: Session) =>
      `SELECT pg_catalog.set_config('lock_timeout', ${lessTheText(patience(session))}::pg_catalog.text, true)`,
    shrinking(session: Session) {
      const left = holdLeft();
      if (left <= 0) throw new HoldExceeded(lockHoldMs);
      return {
        // What the text took was work for the most part: only waits count against patience, and `watched` adds them up.
        lock_timeout: `least(${patience(session)}, ${lessTheText(left)})::pg_catalog.text`,
        statement_timeout: `${lessTheText(left)}::pg_catalog.text`,
      };
    },
    addWait(ms: number, session: Session): boolean {
      waited += ms;
      return patience(session) <= 1;
    },
    noteLocked(veneer: string, table: string): boolean {
      const key = `${veneer} ${table}`;
      if (locked.has(key)) return false;
      locked.set(key, { veneer, table, at: performance.now() });
      return true;
    },
    lockDurations: () =>
      [...locked.values()].map(({ veneer, table, at }) => ({
        veneer,
        table,
        ms: Math.round(performance.now() - at),
      })),
  };
}

/** Qualified: it may stand where a migration has left its search_path. statement_timestamp() is when the whole text arrived. */
const ELAPSED = 'pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.statement_timestamp()';

/** Milliseconds less what the text took so far, and no less than one. */
const lessTheText = (ms: number): string =>
  `greatest(1, ${ms} OPERATOR(pg_catalog.-) pg_catalog.int4(extract(epoch FROM ${ELAPSED}) OPERATOR(pg_catalog.*) 1000))`;

/** The attempt held its locks for the whole budget; it tells place and statement of what was `cancelled` for that. */
export class HoldExceeded extends VeneerError {
  constructor(lockHoldMs: number, cancelled?: unknown) {
    const { where, detail } = cancelled instanceof VeneerError ? cancelled.facts : {};
    super(`the step held its locks for ${lockHoldMs} ms, all that rollout.lock_hold allows`, {
      exitCode: EXIT.failed,
      ...(where === undefined ? {} : { where }),
      ...(detail === undefined ? {} : { detail }),
      hint: 'raise rollout.lock_hold, or split the migration',
      cause: cancelled,
    });
  }
}

import { atMost } from '../../at-most.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { blockerText, readBlockers } from './blockers.js';
import { HoldExceeded, type Budget } from './budget.js';
import type { Crew } from './lane.js';
import { anchorOf } from '../run/run.js';

/** The user asked to end; nothing of the attempt was committed. */
export class Interrupted extends VeneerError {
  constructor() {
    super('interrupted: the attempt was rolled back', { exitCode: EXIT.interrupted });
  }
}

/** Throws {@link Interrupted} once the user has asked to end. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}

/** Milliseconds between two looks. A cancel that arrives between two statements is lost: each look sends it again. */
const LOOK_MS = 50;

/**
 * Does the part of an attempt that may still be rolled back, and keeps its budgets by the runner's clock: timeouts
 * of the server bound single locks and statements, and know nothing of a wait on another server. When the run is
 * asked to end, a budget is used up, or the blocker of a lock will not go, what is running is cancelled from the
 * anchors and the reason is thrown.
 */
export async function watched<T>(lane: Crew, budget: Budget, work: () => Promise<T>): Promise<T> {
  throwIfAborted(lane.run.signal);
  const watch: Watch = {
    lane,
    budget,
    reason: null,
    endingSince: null,
    looking: false,
    cancelling: null,
    ended: false,
    lookedAt: performance.now(),
  };
  const wake = (): void => {
    noteHold(watch);
    leaveSilent(watch);
    void look(watch);
  };
  const timer = setInterval(wake, LOOK_MS);
  lane.run.signal.addEventListener('abort', wake);
  try {
    const result = await work();
    throwIfAborted(lane.run.signal);
    return result;
  } catch (error) {
    throwIfAborted(lane.run.signal);
    throw watch.reason?.(error) ?? reasonOf(watch, error);
  } finally {
    clearInterval(timer);
    lane.run.signal.removeEventListener('abort', wake);
    // A look that is on its way ends nothing any more, and what it has sent is answered: none of it can hit what comes next in
    // these sessions, another attempt or another lane.
    watch.ended = true;
    if (watch.cancelling !== null) await atMost(ANSWER_MS, watch.cancelling);
  }
}

/** An anchor whose host is gone answers nothing for long, and the rollback of the others must not wait for it (milliseconds). */
const ANSWER_MS = 2_000;

interface Watch {
  readonly lane: Crew;
  readonly budget: Budget;
  /** Why the work was cancelled: makes the error to throw from the one that the cancelled statement gave. */
  reason: ((error: unknown) => VeneerError) | null;
  /** Since when (performance.now()) the work has been to end. */
  endingSince: number | null;
  looking: boolean;
  cancelling: Promise<unknown> | null;
  /** The work is done, or has failed. */
  ended: boolean;
  /** performance.now() */
  lookedAt: number;
}

/** Not behind what an anchor is asked: one whose server stands still answers nothing. */
function noteHold(watch: Watch): void {
  if (watch.budget.holdLeft() <= 0) watch.reason ??= (error) => holdExceeded(watch, error);
}

/** A server that is there answers a cancel within this time, milliseconds. */
const SILENT_MS = 5_000;

/**
 * Where a server answers neither a statement nor its cancel (a host that stands still, a network that drops everything without a
 * word), TCP would have us wait for a quarter of an hour: what was asked there is left with its session. Nothing of the attempt is
 * decided yet, and what the server still has open it ends by its own timeouts.
 */
function leaveSilent(watch: Watch): void {
  const { lane, reason } = watch;
  if (reason === null && !lane.run.signal.aborted) return;
  watch.endingSince ??= performance.now();
  if (performance.now() - watch.endingSince < SILENT_MS) return;
  for (const session of busy(lane)) if (session.isAsked()) void session.close();
}

async function look(watch: Watch): Promise<void> {
  if (watch.looking) return;
  watch.looking = true;
  try {
    await countWaits(watch);
    if (watch.ended || (watch.reason === null && !watch.lane.run.signal.aborted)) return;
    watch.cancelling = cancelAll(watch.lane);
    await watch.cancelling;
  } catch {
    // The anchor is gone, or slow: the work itself will run into it, and the server's own timeouts hold.
  } finally {
    watch.looking = false;
  }
}

/**
 * A statement_timeout may end a statement before this clock has its next look. It is the budget's where that is used up; else
 * it is the migration's own, or somebody has cancelled the statement, and PostgreSQL says which.
 */
const reasonOf = (watch: Watch, error: unknown): unknown =>
  isState(error, SQLSTATE.queryCanceled) && watch.budget.isUsedUp() ? holdExceeded(watch, error) : error;

const holdExceeded = ({ lane }: Watch, cancelled: unknown): HoldExceeded =>
  new HoldExceeded(lane.run.config.rollout.lockHoldMs, cancelled);

/** In a transaction, or on the way into one: what its first text waits for counts as well. */
const busy = (lane: Crew): Session[] =>
  lane.openSessions().filter((session) => !session.isLost() && (session.isAsked() || !session.isIdle()));

async function countWaits(watch: Watch): Promise<void> {
  const { lane, budget } = watch;
  const sinceLast = performance.now() - watch.lookedAt;
  watch.lookedAt += sinceLast;
  for (const session of busy(lane).filter((one) => one.isAsked())) {
    const blockers = await readBlockers(anchorOf(lane.run, session.member), session);
    if (watch.ended) return;
    if (blockers.length === 0) continue;
    lane.blockers.splice(0, lane.blockers.length, ...blockers);
    await terminateStubborn(lane, session, () => watch.ended);
    if (budget.addWait(sinceLast, session)) watch.reason ??= (error) => waitExceeded(lane, error);
  }
}

/** Ends those who have stood in the way for longer than the user allowed; without that choice nobody is ended. */
export async function terminateStubborn(
  lane: Crew,
  session: Session,
  isOver: () => boolean = () => false,
): Promise<void> {
  const { terminateBlockersMs } = lane.run;
  if (terminateBlockersMs === null) return;
  for (const blocker of lane.blockers) {
    if (isOver()) return;
    if (blocker.pid === null || blocker.application_name?.startsWith('pgv ') === true) continue;
    const key = `${blocker.member} ${blocker.pid}`;
    const since = lane.blockedSince.get(key) ?? performance.now();
    lane.blockedSince.set(key, since);
    if (performance.now() - since < terminateBlockersMs) continue;
    await anchorOf(lane.run, session.member).asLogin('SELECT pg_terminate_backend($1)', [blocker.pid]);
    lane.run.onProgress({
      type: 'notice',
      text: `ended a session that blocked the step: ${blockerText(blocker)}`,
    });
  }
}

/**
 * Carries the SQLSTATE of a lock that was not to be had, since it is one: the step may try again. Whether the server's
 * lock_timeout or this clock ends a wait is a race; the reader is told the same place of the cancelled statement.
 */
const waitExceeded = (lane: Crew, cancelled: unknown): VeneerError =>
  new VeneerError('a lock was not to be had in time', {
    exitCode: EXIT.failed,
    sqlstate: SQLSTATE.lockNotAvailable,
    detail: lane.blockers.map(blockerText).join('\n'),
    ...(cancelled instanceof VeneerError ? { where: cancelled.facts.where ?? {} } : {}),
  });

const cancelAll = (lane: Crew): Promise<unknown> =>
  Promise.allSettled(
    busy(lane).map((session) =>
      anchorOf(lane.run, session.member).asLogin('SELECT pg_cancel_backend($1)', [session.pid]),
    ),
  );

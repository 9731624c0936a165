import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { blockerText, readBlockers } from '../lane/blockers.js';
import type { Lane } from '../lane/lane.js';
import { anchorOf } from '../run/run.js';
import { terminateStubborn } from '../lane/watched.js';

/** Milliseconds between two looks. */
const LOOK_MS = 250;

/**
 * Does work that consists of statements without a transaction. It has no budget: what it waits for, it waits for
 * without blocking the application. So it tells for whom it waits, ends those who have stood in the way for longer
 * than the user allows, and is cancelled when the run is asked to end (exit 130).
 */
export async function whileWatching<T>(lane: Lane, session: Session, work: () => Promise<T>): Promise<T> {
  const { signal } = lane.run;
  const ended = new AbortController();
  const watching = watch(lane, session, ended.signal);
  try {
    refuseInterrupted(signal);
    return await work();
  } catch (error) {
    refuseInterrupted(signal, error);
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}

/** Throws (exit 130) where the run was asked to end. */
export function refuseInterrupted(signal: AbortSignal, cause?: unknown): void {
  if (!signal.aborted) return;
  throw new VeneerError('interrupted: the statement that ran was cancelled', {
    exitCode: EXIT.interrupted,
    hint: 'migrate up goes on with it',
    cause,
  });
}

interface Watch {
  readonly lane: Lane;
  readonly session: Session;
  /** Who was seen at the last look, and who was told of. */
  seen: string;
  told: string;
}

/** Returns when the work has ended and the last cancel was answered, so that none can hit what follows. */
async function watch(lane: Lane, session: Session, ended: AbortSignal): Promise<void> {
  const state: Watch = { lane, session, seen: '', told: '' };
  while (!ended.aborted) {
    const { signal } = lane.run;
    const wake = signal.aborted ? ended : AbortSignal.any([ended, signal]);
    await delay(LOOK_MS, undefined, { signal: wake }).catch(() => undefined);
    // An anchor that is gone or slow: the work itself will run into it.
    if (!ended.aborted) await look(state).catch(() => undefined);
  }
}

/** A cancel that arrives between two statements is lost: each look sends it again. */
async function look(state: Watch): Promise<void> {
  const { lane, session } = state;
  const anchor = anchorOf(lane.run, session.member);
  if (lane.run.signal.aborted)
    return void (await anchor.asLogin('SELECT pg_cancel_backend($1)', [session.pid]));
  const blockers = await readBlockers(anchor, session);
  lane.blockers.splice(0, lane.blockers.length, ...blockers);
  await terminateStubborn(lane, session);
  tell(state, blockers.map(blockerText).join('; '));
}

/** Whoever is gone at the next look is not worth a line. */
function tell(state: Watch, waitingFor: string): void {
  if (waitingFor !== '' && waitingFor === state.seen && waitingFor !== state.told) {
    state.told = waitingFor;
    state.lane.run.onProgress({ type: 'notice', text: `${state.lane.shard.name} waits for ${waitingFor}` });
  }
  state.seen = waitingFor;
}

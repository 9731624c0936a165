import { EXIT, VeneerError } from '../errors.js';
import type { Session } from '../postgres/session.js';
import type { Lane } from './lane.js';
import { anchorOf } from './run.js';

/** The user asked to end; nothing of the attempt was committed. */
export class Interrupted extends VeneerError {
  constructor() {
    super('interrupted: the attempt was rolled back', { exitCode: EXIT.interrupted });
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}

/** A cancel that arrives between two statements is lost: it is sent again until the work has ended. */
const AGAIN_MS = 50;

/**
 * Does the part of an attempt that may still be rolled back. When the run's signal fires meanwhile, the statements
 * that are running are cancelled, from the anchors, and Interrupted is thrown.
 */
export async function cancellable<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
  const { signal } = lane.run;
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    timer ??= setInterval(() => void cancelAll(lane), AGAIN_MS);
    void cancelAll(lane);
  };
  throwIfAborted(signal);
  signal.addEventListener('abort', cancel);
  try {
    const result = await work();
    throwIfAborted(signal);
    return result;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    clearInterval(timer);
  }
}

const cancelAll = (lane: Lane): Promise<unknown> =>
  Promise.allSettled(lane.openSessions().map((session) => cancelOne(lane, session)));

async function cancelOne(lane: Lane, session: Session): Promise<void> {
  if (session.isLost() || session.status() === 'I') return;
  await anchorOf(lane.run, session.member).query('SELECT pg_cancel_backend($1)', [session.pid]);
}

import type { HookConfig } from '../../config/hooks.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Run } from '../run/run.js';

/** Until when a hook may run. */
export interface HookLimit {
  /** Aborts when it is to be ended. */
  readonly signal: AbortSignal;
  /** Why it was: thrown in place of how it stumbled over that. */
  readonly reason: () => VeneerError;
}

/** Milliseconds for a hook that comes due once the run was asked to end; a second Ctrl-C ends it at once. */
const CLOSING_MS = 5_000;

/**
 * Ctrl-C and `migrate stop` end the hook that runs. What has to follow, the other half of a pair for instance, is run all
 * the same, for a short time.
 */
export function hookLimit(run: Pick<Run, 'signal'>, { timeoutMs }: Pick<HookConfig, 'timeoutMs'>): HookLimit {
  const closing = run.signal.aborted;
  const ms = closing ? Math.min(timeoutMs, CLOSING_MS) : timeoutMs;
  const clock = AbortSignal.timeout(ms);
  return {
    signal: closing ? clock : AbortSignal.any([clock, run.signal]),
    reason: () =>
      clock.aborted || closing
        ? new VeneerError(`it took longer than ${ms} ms, and was ended`, { exitCode: EXIT.failed })
        : new VeneerError('it was ended, since the run was asked to end', { exitCode: EXIT.interrupted }),
  };
}

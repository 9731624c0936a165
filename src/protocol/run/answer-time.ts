import type { Config } from '../../config/config.js';

/** A server that is there answers within this time at least, however short rollout.lock_hold is (milliseconds). */
const LEAST_MS = 5_000;

/**
 * How long a server is waited for that holds locks of a step, at its end: as long as a step may hold them, rollout.lock_hold. What is
 * not settled by then is told as in doubt, and left to the watchdog. Milliseconds.
 */
export const answerTime = ({ rollout }: Pick<Config, 'rollout'>): number =>
  Math.max(LEAST_MS, rollout.lockHoldMs);

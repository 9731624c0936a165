import { DURATION, readDuration } from '../../config/text/duration.js';
import type { Flags } from './flags.js';
import { usageError } from './usage-error.js';

/** A flag that takes a duration, in milliseconds; null where it is not given. Throws (exit 64) for anything else. */
export function readMilliseconds(flag: string, flags: Flags, command: string): number | null {
  const text = flags.one(flag);
  const ms = text === null ? null : readDuration(text);
  if (text !== null && ms === null)
    throw usageError(`--${flag} takes ${DURATION}, not ${text}`, `migrate ${command} --help`);
  return ms;
}

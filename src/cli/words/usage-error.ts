import { EXIT, VeneerError } from '../../errors.js';

/** The error for a command that was typed wrong (exit 64); the hint is a command to type. */
export function usageError(message: string, hint: string): VeneerError {
  return new VeneerError(message, { exitCode: EXIT.usage, hint });
}

import type { ExitCode } from '../../errors.js';
import type { Outlet } from '../output/outlet.js';
import { failureOf, interrupted } from './failure.js';

export interface FailedCommand {
  /** Null where the command line could not be read. */
  readonly command: string | null;
  readonly outlet: Outlet;
  /** The exit code of the signal that ended it, if one did. */
  readonly stoppedBy?: ExitCode | null;
}

/** Tells of the error that ended a command, where and in the form that was asked for. The exit code. */
export function reportFailure(
  error: unknown,
  { command, outlet, stoppedBy = null }: FailedCommand,
): ExitCode {
  const thrown = failureOf(error, { debug: isDebugged() });
  const failure = stoppedBy === null ? thrown : interrupted(thrown, stoppedBy);
  outlet.failure({ command, ...failure });
  return failure.exitCode;
}

/** Are stacks to be shown? */
export const isDebugged = (): boolean => (process.env.DEBUG ?? '').split(/[ ,]+/).includes('pg-veneer');

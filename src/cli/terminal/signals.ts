import { EXIT, type ExitCode } from '../../errors.js';

/** Ctrl-C and SIGTERM, as a command sees them. */
export interface Stopping {
  /** Aborts at the first one. */
  readonly signal: AbortSignal;
  /** The exit code of a run that was interrupted; null where none was. */
  readonly exitCode: () => ExitCode | null;
}

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/**
 * The first signal asks the command to stop and tells the person so through `say`; the second ends the process at once by
 * `endNow`, as a crash would, which the next run heals.
 */
export function stopOnSignals(say: () => void, endNow: (code: ExitCode) => never): Stopping {
  const controller = new AbortController();
  let exitCode: ExitCode | null = null;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (exitCode !== null) endNow(CODES[name]);
      exitCode = CODES[name];
      say();
      controller.abort();
    });
  }
  return { signal: controller.signal, exitCode: () => exitCode };
}

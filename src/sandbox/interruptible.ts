import { problemOf } from '../errors.js';

const ENDING = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/**
 * Runs a program's work to its end and sets the exit code. The first signal that asks it to end aborts the work, which
 * then cleans up; a failure is printed, under the program's name.
 */
export async function runInterruptibly(
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interrupted = new AbortController();
  let exitCode = 0;
  const end = (code: number): void => {
    exitCode ||= code;
    interrupted.abort();
  };
  for (const [signal, code] of ENDING) process.once(signal, () => end(code));
  try {
    await work(interrupted.signal);
  } catch (error) {
    const { message, detail, hint } = problemOf(error);
    const lines = [`${name} failed: ${message}`, detail, hint].filter(Boolean);
    if (exitCode === 0) process.stderr.write(`${lines.join('\n')}\n`);
    exitCode ||= 1;
  }
  process.exitCode = exitCode;
}

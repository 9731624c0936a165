import { appendFileSync } from 'node:fs';

/**
 * FOR TESTS ONLY. Makes the function that is called at each named point of the protocol; without these two
 * variables it does nothing.
 *
 * - `PGVENEER_TEST_CRASH_AT=point` ends this process with SIGKILL when it reaches the point, as a crash would;
 *   `point#3` when it reaches it for the third time.
 * - `PGVENEER_TEST_POINTS=file` appends the name of each point that is reached to the file, a line each.
 */
export function testPoints(env: NodeJS.ProcessEnv): (point: string) => Promise<void> {
  const { PGVENEER_TEST_CRASH_AT: crashAt, PGVENEER_TEST_POINTS: file } = env;
  const counts = new Map<string, number>();
  return async (point) => {
    if (crashAt === undefined && file === undefined) return;
    const count = (counts.get(point) ?? 0) + 1;
    counts.set(point, count);
    if (file !== undefined) appendFileSync(file, `${point}\n`);
    if (crashAt === `${point}#${count}` || (crashAt === point && count === 1)) die();
  };
}

/** FOR TESTS ONLY: with `PGVENEER_TEST_NO_WATCHDOG` set nobody settles what a killed runner left, until a test says so. */
export const withoutWatchdog = (env: NodeJS.ProcessEnv): boolean =>
  env.PGVENEER_TEST_NO_WATCHDOG !== undefined;

/** Nothing runs between the kill and the end of the process, whatever else was about to. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('unreachable: the process is dead');
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConfigSource } from '../../config/load/load-config.js';
import { packageFile } from '../../package-root.js';
import type { StartWatchdog } from '../../protocol/run/run.js';

/** What the watchdog is told, as the first line of its standard input; the environment it inherits. */
export interface WatchdogSource extends Omit<ConfigSource, 'env'> {
  /** Veneers that the run goes without; it could not settle with them. */
  readonly without: readonly string[];
}

/** Its last word from a runner that left nothing to settle; an end of input without it means that somebody has to. */
export const DONE = 'done';

/**
 * Starts a small process of its own that settles what this one leaves when it dies: a pipeline's job that is cancelled
 * gets SIGTERM, and ten seconds later SIGKILL. The pipe between the two tells: the kernel closes our end with us,
 * whatever killed us. It is a session of its own, so that a Ctrl-C in the terminal does not reach it.
 */
export async function startWatchdog(source: WatchdogSource): ReturnType<StartWatchdog> {
  const child = spawn(process.execPath, [packageFile('dist', 'bin', 'watchdog.js')], {
    cwd: source.cwd,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const { stdin } = child;
  // A watchdog that died is missed only when we die too; the next run settles then.
  stdin.on('error', () => undefined);
  stdin.write(`${JSON.stringify(source)}\n`);
  child.unref();
  (stdin as Socket).unref();
  return (word) => void stdin.end(word === 'done' ? `${DONE}\n` : '');
}

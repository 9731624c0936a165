import { spawn, type ChildProcessByStdio, type SpawnOptionsWithStdioTuple } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandHook } from '../../config/hooks.js';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import type { HookLimit } from './hook-limit.js';
import { hookOutput } from './hook-output.js';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export interface CommandSurroundings {
  /** The folder of shards.yaml: relative paths of programs start there. */
  readonly cwd: string;
  /** The facts, for its standard input. */
  readonly facts: string;
  readonly limit: HookLimit;
  readonly mask: (text: string) => string;
  readonly onLine: (line: string) => void;
}

/** Milliseconds between SIGTERM and SIGKILL, and for what is left in the pipes of a process that has ended. */
const GRACE_MS = 2_000;
const DRAIN_MS = 500;

/**
 * Runs a program to its end, in a process group of its own and with the environment that the user gave to us. It has
 * ended when its process has: what it left in the background may hold its pipes for ever. Throws where it cannot be
 * started, fails, or is ended.
 */
export async function runCommandHook(
  { command }: CommandHook,
  { cwd, facts, limit, mask, onLine }: CommandSurroundings,
): Promise<void> {
  const output = hookOutput(mask, onLine);
  const child = start(command, cwd);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', output.write);
  // One that does not read what it is told may be gone before it was written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${facts}\n`);
  const { code, signal } = await endOf(child, limit.signal);
  output.end();
  if (limit.signal.aborted && code !== 0) throw limit.reason();
  if (code === 0) return;
  throw new VeneerError(
    code === null ? `it was ended by ${signal ?? 'a signal'}` : `it ended with exit code ${code}`,
    { exitCode: EXIT.failed, detail: output.lastLines().join('\n') },
  );
}

function start(command: CommandHook['command'], cwd: string): Child {
  const options: SpawnOptionsWithStdioTuple<'pipe', 'pipe', 'pipe'> = {
    cwd,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  };
  if (typeof command === 'string') return spawn(command, [], { ...options, shell: true });
  const [program, ...words] = command;
  return spawn(program, words, options);
}

interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Waits until the process has ended, and ends it with all that it started when `limit` aborts. */
async function endOf(child: Child, limit: AbortSignal): Promise<ProcessEnd> {
  // A second Ctrl-C ends us at once, as a crash would; what runs in a group of its own would not hear of it.
  const kill = (): void => killGroup(child, 'SIGKILL');
  process.once('exit', kill);
  const ending = new AbortController();
  const end = (): void => void endGroup(child, ending.signal);
  limit.addEventListener('abort', end, { once: true });
  try {
    const closed = new Promise((resolve) => child.once('close', resolve));
    const ended = await exitOf(child);
    if (limit.aborted) kill();
    await Promise.race([
      closed,
      delay(DRAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined),
    ]);
    return ended;
  } catch (error) {
    throw new VeneerError(`it cannot be started: ${textOf(error)}`, {
      exitCode: EXIT.failed,
      hint: 'words of a list are run as they are; a text is run by the shell',
      cause: error,
    });
  } finally {
    ending.abort();
    limit.removeEventListener('abort', end);
    process.removeListener('exit', kill);
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  }
}

/** Rejects where it could not be started. */
const exitOf = (child: Child): Promise<ProcessEnd> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

async function endGroup(child: Child, ended: AbortSignal): Promise<void> {
  killGroup(child, 'SIGTERM');
  await delay(GRACE_MS, undefined, { signal: ended }).catch(() => undefined);
  if (!ended.aborted) killGroup(child, 'SIGKILL');
}

/** To the process and whatever it started in its group; those that are gone by now are not missed. */
function killGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  /** All that the command sees besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It takes its pipes for a terminal; what is written to stdin is typed. */
  readonly terminal?: boolean;
  /** Ends the command with SIGTERM. */
  readonly signal?: AbortSignal;
}

/** A command that is running. */
export interface RunningCli {
  readonly child: ChildProcess;
  /** Waits for a line of its output, stdout or stderr; fails when it ends without one. */
  line: (pattern: RegExp) => Promise<string>;
  readonly result: Promise<CliResult>;
}

const CLI = fileURLToPath(new URL('../../dist/bin/migrate.js', import.meta.url));

const TERMINAL = 'data:text/javascript,process.stdin.isTTY = process.stdout.isTTY = true;';

/** Runs `migrate` as built (`npm run build`) to its end; a failing command is a result, not an exception. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}

/** Starts `migrate` and lets the test wait for its lines and send it signals. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const { PATH, HOME } = process.env;
  const { terminal = false } = options;
  const child = spawn(process.execPath, [...(terminal ? ['--import', TERMINAL] : []), CLI, ...args], {
    cwd: options.cwd,
    env: { PATH, HOME, ...options.env },
    stdio: [terminal ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGTERM' }),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  }
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)));
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, result, line: (pattern) => lineOf(child, output, pattern) };
}

function lineOf(
  child: ChildProcess,
  output: { readonly stdout: string; readonly stderr: string },
  pattern: RegExp,
): Promise<string> {
  const find = (): string | undefined =>
    `${output.stdout}\n${output.stderr}`.split('\n').find((line) => pattern.test(line));
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const line = find();
      if (line !== undefined) resolve(line);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', () => {
      look();
      reject(new Error(`ended without a line like ${pattern}:\n${output.stdout}\n${output.stderr}`));
    });
    look();
  });
}

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one process took, from its start to its end. */
export interface Timed {
  readonly ms: number;
  /** Its own, user and system; null where a process was not asked. */
  readonly cpuMs: number | null;
  readonly maxRssKb: number | null;
  /** What it printed on stdout. */
  readonly stdout: string;
}

export interface TimedOptions {
  readonly cwd?: string;
  /** Exit codes that count as done. */
  readonly codes?: readonly number[];
  /** Whether it tells what it used; that costs the start of a process about a millisecond. */
  readonly usage?: boolean;
}

const PRELOAD = new URL('../ways/usage.js', import.meta.url);

/**
 * Runs `node …args` to its end, with nothing of this environment but PATH and HOME.
 * @throws Error when it ends by another code than those expected
 */
export async function timed(args: readonly string[], options: TimedOptions = {}): Promise<Timed> {
  const { cwd, codes = [0], usage = true } = options;
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-bench-'));
  const file = join(dir, 'usage.json');
  try {
    const preload = usage ? ['--import', PRELOAD.href] : [];
    const start = performance.now();
    const { code, stdout, stderr } = await run([...preload, ...args], cwd, file);
    const ms = performance.now() - start;
    if (!codes.includes(code ?? -1)) throw new Error(`node ${args.join(' ')} ended with ${code}\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`); // prettier-ignore
    const used = usage ? JSON.parse(await readFile(file, 'utf8')) : { cpuMs: null, maxRssKb: null };
    return { ms, ...used, stdout };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd: string | undefined, usage: string): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, BENCH_USAGE: usage },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figures } from './pairs.js';
import { serversCpuMs } from './servers-cpu.js';
import { timed, type TimedOptions } from './timed.js';

const CLI = fileURLToPath(new URL('../../dist/bin/migrate.js', import.meta.url));

/** What a process took and what the servers did meanwhile, and what it printed. */
export interface Outcome {
  readonly stdout: string;
  readonly figures: Figures;
}

/** A node process from its start to its end, with the CPU that the run's servers used meanwhile. */
export async function measured(args: readonly string[], options: TimedOptions = {}): Promise<Outcome> {
  const before = serversCpuMs();
  const { stdout, ...process } = await timed(args, options);
  const after = serversCpuMs();
  const servers = before === null || after === null ? null : after - before;
  return { stdout, figures: { ...process, serversCpuMs: servers } };
}

/** `migrate …`, as it is installed, in a fleet's folder. */
export const migrate = (
  dir: string,
  args: readonly string[],
  options: Omit<TimedOptions, 'cwd'> = {},
): Promise<Outcome> => measured([CLI, ...args], { ...options, cwd: dir });

/** One of `ways/`, with its facts in a file that nobody else may read: they hold urls with passwords. */
export async function way(script: string, facts: unknown): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-bench-'));
  try {
    const file = join(dir, 'facts.json');
    await writeFile(file, JSON.stringify(facts), { mode: 0o600 });
    return await measured([fileURLToPath(new URL(`../ways/${script}`, import.meta.url)), file]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

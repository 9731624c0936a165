import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, VeneerError } from '../errors.js';
import { commandLine } from './process-probe.js';

/** A server's first process, as its pid file names it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** What stop does to sessions: fast rolls them back, immediate leaves all to recovery at the next start. */
export type StopMode = 'fast' | 'immediate';

const POLL_MS = 20;
const FAST_MS = 20_000;
const IMMEDIATE_MS = 10_000;

/**
 * The server that runs on a data folder, whoever started it; null when there is none. The pid file outlives a
 * killed server, so the process must also be one that was given this very folder.
 */
export async function findPostmaster(dataDir: string): Promise<Postmaster | null> {
  const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const command = await commandLine(pid);
  if (command === null || !command.includes(`postgres -D ${dataDir} -p `)) return null;
  return { pid, port: Number(lines[3] ?? 0), ready: (lines[7] ?? '').startsWith('ready') };
}

/** Stops the server of a data folder, if one runs; answers whether one did. Throws a VeneerError when it will not end. */
export async function stopPostmaster(dataDir: string, mode: StopMode = 'fast'): Promise<boolean> {
  const found = await findPostmaster(dataDir);
  if (found === null) return false;
  if (mode === 'fast' && (await endedAfter('SIGINT', found.pid, dataDir, FAST_MS))) return true;
  if (await endedAfter('SIGQUIT', found.pid, dataDir, IMMEDIATE_MS)) return true;
  throw new VeneerError(`the PostgreSQL server of ${dataDir} (pid ${found.pid}) does not stop`, {
    exitCode: EXIT.failed,
    hint: `look at its log, then: kill -9 ${found.pid}`,
  });
}

async function endedAfter(
  signal: NodeJS.Signals,
  pid: number,
  dataDir: string,
  ms: number,
): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  for (const end = Date.now() + ms; Date.now() < end; await pause(POLL_MS)) {
    if ((await findPostmaster(dataDir))?.pid !== pid) return true;
  }
  return false;
}

const isGone = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ESRCH';

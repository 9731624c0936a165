import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, VeneerError } from '../errors.js';
import { LISTEN_ADDRESS } from './ports.js';
import { findPostmaster, type Postmaster } from './postmaster.js';
import type { ServerFiles } from './server-files.js';
import { ownerOf, serverEnvironment, type ServerUser } from './server-user.js';

/** postgresql.conf parameters by name. */
export type Settings = Readonly<Record<string, string>>;

/**
 * fsync is off: these servers hold nothing that cannot be made again, and only a crash of the whole machine, not of
 * a server, can lose what they committed. There is no unix socket, so no folder that must be short and reachable.
 */
const DEFAULTS: Settings = {
  listen_addresses: LISTEN_ADDRESS,
  unix_socket_directories: '',
  max_prepared_transactions: '64',
  fsync: 'off',
  full_page_writes: 'off',
  log_statement: 'all',
  log_line_prefix: '%m [%p] %quser=%u db=%d app=%a ',
  log_timezone: 'UTC',
};

export interface Launch {
  readonly name: string;
  readonly port: number;
  readonly files: ServerFiles;
  readonly postgres: string;
  readonly user: ServerUser | null;
  readonly settings: Settings;
}

const POLL_MS = 10;
const START_MS = 60_000;
const LEFTOVERS_MS = 10_000;

/** What a start says while processes of a killed server are still ending. */
const LEFTOVERS = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/;

/**
 * Starts a server that outlives us and waits until it accepts connections. A start that comes right after a SIGKILL
 * is tried again until the killed server's last processes are gone. Throws a VeneerError with the log's last lines.
 */
export async function launch(plan: Launch): Promise<Postmaster> {
  for (const end = Date.now() + LEFTOVERS_MS; ; await pause(10 * POLL_MS)) {
    const { postmaster, logged } = await launchOnce(plan);
    if (postmaster !== null) return postmaster;
    if (!LEFTOVERS.test(logged) || Date.now() > end) throw startError(plan, logged);
  }
}

async function launchOnce(plan: Launch): Promise<{ postmaster: Postmaster | null; logged: string }> {
  const log = await open(plan.files.logFile, 'a', 0o600);
  const from = (await log.stat()).size;
  const child = spawn(plan.postgres, argumentsOf(plan), {
    ...ownerOf(plan.user),
    env: serverEnvironment(),
    cwd: plan.files.dataDir,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.on('error', () => undefined);
  await log.close();
  const postmaster = await readiness(child, plan.files.dataDir);
  child.unref();
  const logged = postmaster === null ? (await readFile(plan.files.logFile)).subarray(from).toString() : '';
  return { postmaster, logged };
}

function argumentsOf({ files, port, settings }: Launch): string[] {
  const all = Object.entries({ ...DEFAULTS, ...settings });
  return [
    '-D',
    files.dataDir,
    '-p',
    String(port),
    ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

async function readiness(child: ChildProcess, dataDir: string): Promise<Postmaster | null> {
  for (const end = Date.now() + START_MS; Date.now() < end; await pause(POLL_MS)) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const found = await findPostmaster(dataDir);
    if (found?.pid === child.pid && found.ready) return found;
  }
  child.kill('SIGQUIT');
  return null;
}

function startError({ name, port, files }: Launch, logged: string): VeneerError {
  return new VeneerError(`PostgreSQL server ${name} did not start on port ${port}`, {
    exitCode: EXIT.failed,
    where: { member: name, file: files.logFile },
    detail: logged.trim().split('\n').slice(-8).join('\n'),
  });
}

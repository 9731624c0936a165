import { execFile } from 'node:child_process';
import { EXIT, VeneerError } from '../errors.js';

/** The user that servers run as where we are root, which PostgreSQL refuses to be. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, as the servers' user where one is given. A program that cannot be started, or that a
 * signal ended, has code -1 and says why in `stderr`; nothing is thrown.
 */
export function runAs(user: ServerUser | null, file: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { ...ownerOf(user), env: serverEnvironment(), cwd: '/', maxBuffer: 16 * 1024 * 1024 };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
    });
  });
}

/** `uid` and `gid` for spawn: empty where servers run as ourselves. */
export function ownerOf(user: ServerUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

/** What a server inherits: no PG* variable, which would change it, and no secret of ours. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };
}

/**
 * Whom servers run as: null is ourselves; root needs another, `postgres` where it exists, else `nobody`, so that
 * no user is ever created. Throws a VeneerError (exit 78) where there is neither.
 */
export async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const found = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (found !== null) return found;
  throw new VeneerError(
    'PostgreSQL does not run as root, and there is no user postgres or nobody to run it as',
    {
      exitCode: EXIT.config,
      hint: 'create one (useradd --system postgres), or run the command as an ordinary user',
    },
  );
}

async function lookUp(name: string): Promise<ServerUser | null> {
  const [uid, gid] = await Promise.all([runAs(null, 'id', ['-u', name]), runAs(null, 'id', ['-g', name])]);
  if (uid.code !== 0 || gid.code !== 0) return null;
  return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** True when the servers' user can enter a folder: one parent of mode 0700 is enough to keep it out. */
export async function canEnter(user: ServerUser | null, folder: string): Promise<boolean> {
  const entered = await runAs(user, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder]);
  return entered.code === 0;
}

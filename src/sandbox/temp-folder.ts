import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { EXIT, VeneerError } from '../errors.js';
import { canEnter, type ServerUser } from './server-user.js';

/** The system's temp folder, or another one that the servers' user can enter. Throws a VeneerError (exit 78). */
export async function tempFolder(user: ServerUser | null): Promise<string> {
  for (const folder of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (await canEnter(user, folder)) return realpath(folder);
  }
  throw new VeneerError(
    `user ${user?.name ?? 'you'} can enter no temp folder (tried ${tmpdir()}, /tmp, /var/tmp)`,
    {
      exitCode: EXIT.config,
      hint: 'set TMPDIR to a folder that every user can enter',
    },
  );
}

/** Makes a folder that others can enter, whatever the umask; one that exists stays as it is. */
export async function makeReachable(path: string): Promise<void> {
  const made = await mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (made) await chmod(path, 0o755);
}

/**
 * True for a folder that we made and nobody else can write to. Programs may be run from below a folder whose name in
 * the temp folder can be guessed, so one that another user prepared must not be trusted.
 */
export async function isOurs(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, VeneerError } from '../errors.js';
import { Secret } from '../secret.js';
import type { Binaries } from './binaries.js';
import { SUPERUSER, type ServerFiles } from './server-files.js';
import { runAs, type ServerUser } from './server-user.js';

/**
 * Makes a server's data folder with initdb, once, and answers its superuser's password. The folder gets its name
 * only when it is whole, so an interrupted start leaves nothing that looks like a server, and of two at once one
 * wins. Servers are never copied from a template: they would share one system_identifier, which says who is who.
 */
export async function initialise(
  files: ServerFiles,
  binaries: Binaries,
  user: ServerUser | null,
): Promise<Secret> {
  await mkdir(files.home, { mode: 0o700, recursive: true });
  if (user !== null) await chown(files.home, user.uid, user.gid);
  const password = await superuserPassword(files, user);
  if (!(await exists(files.dataDir))) await makeDataDir(files, binaries, user);
  return password;
}

async function superuserPassword(files: ServerFiles, user: ServerUser | null): Promise<Secret> {
  if (!(await exists(files.passwordFile))) {
    await writeFile(files.passwordFile, randomBytes(18).toString('hex'), { mode: 0o600, flag: 'wx' });
    if (user !== null) await chown(files.passwordFile, user.uid, user.gid);
  }
  return readSuperuserPassword(files);
}

/** The password that initdb was given. Throws when the server was never made. */
export async function readSuperuserPassword(files: ServerFiles): Promise<Secret> {
  return new Secret((await readFile(files.passwordFile, 'utf8')).trim());
}

async function makeDataDir(files: ServerFiles, binaries: Binaries, user: ServerUser | null): Promise<void> {
  const draft = join(files.home, `draft-${randomBytes(4).toString('hex')}`);
  const made = await runAs(user, binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${files.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--wal-segsize=1',
  ]);
  if (made.code === 0) return rename(draft, files.dataDir);
  await rm(draft, { recursive: true, force: true });
  throw new VeneerError(`initdb could not make a server in ${files.home}`, {
    exitCode: EXIT.config,
    detail: made.stderr.trim(),
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

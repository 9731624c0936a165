import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT, VeneerError } from '../errors.js';
import { isOurs, makeReachable, tempFolder } from './temp-folder.js';
import { canEnter, serverUser } from './server-user.js';

const HOME = '.pg-veneer';
const POINTER = 'folder';

/** Where a project's sandbox is, or null where it never had one. Reads only. */
export async function findSandboxFolder(project: string): Promise<string | null> {
  const home = sandboxHome(project);
  const pointed = await readFile(join(home, POINTER), 'utf8').catch(() => null);
  if (pointed !== null) return pointed.trim();
  return access(home).then(
    () => home,
    () => null,
  );
}

/**
 * Makes the folder of a project's sandbox: hidden in the project, or in the temp folder, with a file in the project
 * that points there, where the servers' user cannot enter the project.
 */
export async function makeSandboxFolder(project: string): Promise<string> {
  const home = sandboxHome(project);
  await makeHidden(resolve(project, HOME));
  await makeReachable(home);
  const user = await serverUser();
  const pointed = await readFile(join(home, POINTER), 'utf8').catch(() => null);
  if (pointed === null && (await canEnter(user, home))) return home;
  const elsewhere = pointed?.trim() ?? join(await tempFolder(user), `pg-veneer-sandbox-${digest(home)}`);
  await makeReachable(elsewhere);
  if (!(await isOurs(elsewhere))) throw notOurs(elsewhere);
  await writeFile(join(home, POINTER), `${elsewhere}\n`);
  return elsewhere;
}

const sandboxHome = (project: string): string => resolve(project, HOME, 'sandbox');

/** Nothing in it is for version control, whatever the project's own .gitignore says. */
async function makeHidden(folder: string): Promise<void> {
  await makeReachable(folder);
  await writeFile(join(folder, '.gitignore'), '*\n');
}

/** Runs `work`; a refusal by the file system or the kernel is an error (exit 78) that says whose sandbox it is. */
export async function onOwnSandbox<T>(project: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new VeneerError(`${sandboxHome(project)} belongs to another user, or the project is read-only`, {
      exitCode: EXIT.config,
      hint: 'use it as the user who started it, or stop it as that user and remove .pg-veneer',
      cause: error,
    });
  }
}

function notOurs(folder: string): VeneerError {
  return new VeneerError(`${folder} belongs to another user, or others can write to it`, {
    exitCode: EXIT.config,
    hint: 'remove it, or set TMPDIR to another folder and remove .pg-veneer',
  });
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

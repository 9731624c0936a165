import { constants } from 'node:fs';
import { access, lstat, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';

/** What is at a path: a link counts as what it leads to, and as a file where that is gone, since it has the name. */
export async function kindOf(target: string): Promise<'nothing' | 'folder' | 'file'> {
  const found = await lstat(target).catch((error: unknown) => {
    if (fieldOf(error, 'code') === 'ENOENT') return null;
    // ENOTDIR: something above it is a file.
    throw noFolder(path.dirname(target), textOf(error));
  });
  if (found === null) return 'nothing';
  const behind = found.isSymbolicLink() ? await stat(target).catch(() => found) : found;
  return behind.isDirectory() ? 'folder' : 'file';
}

/** Throws (exit 20) where the folder is a file, or nobody may write into it, or into the nearest one above that there is. */
export async function refuseFolder(folder: string): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === 'file') throw noFolder(folder, 'it is a file');
  if (kind === 'nothing' && path.dirname(folder) !== folder) return refuseFolder(path.dirname(folder));
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw noFolder(folder, textOf(error));
  });
}

/** Is the file there? Throws (exit 20) for a folder in its place. */
export async function isFile(file: string): Promise<boolean> {
  const kind = await kindOf(file);
  if (kind !== 'folder') return kind === 'file';
  throw new VeneerError(`${path.basename(file)} is a folder, and a project has a file of that name`, {
    exitCode: EXIT.failed,
    where: { file },
    hint: 'move it away, or name another folder: migrate init FOLDER',
  });
}

/** The text of a file; empty where there is none. */
export async function textIn(file: string): Promise<string> {
  return (await isFile(file)) ? readFile(file, 'utf8') : '';
}

const noFolder = (folder: string, why: string): VeneerError =>
  new VeneerError(`a project cannot be made in ${folder}: ${why}`, {
    exitCode: EXIT.failed,
    where: { file: folder },
    hint: 'name a folder that you may write into, or one that is still to be made: migrate init FOLDER',
  });

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  fstatSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import { usageError } from '../words/usage-error.js';

/** The file of --out. */
export interface OutFile {
  /** Writes it whole, in the place of what was there. Throws a VeneerError when it cannot. */
  readonly write: (text: string) => void;
}

/**
 * Makes sure that a file can be written, before a command does anything. Throws (exit 64) for what is no file or has no folder,
 * (exit 78) for what this user may not write.
 */
export function openOutFile(file: string): OutFile {
  const there = statsOf(file);
  if (file.endsWith('/') || (there !== null && !there.isFile()))
    throw usageError(`--out ${file} is no file`, 'name a file, or leave --out out');
  // As /dev/stdout is: to take its place would take what is there from all who write to it.
  if (there !== null && [1, 2].some((fd) => isOpenAs(fd, there)))
    throw usageError(
      `--out ${file} is where stdout or stderr goes`,
      'leave --out out: the report goes to stdout',
    );
  // Through a link to what it names, or else the link would go.
  const target = there === null ? targetOf(file) : realpathSync(file);
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      throw cannotWrite(file, error);
    }
  };
  attempt(() => {
    const probe = besides(target);
    writeFileSync(probe, '', { flag: 'wx' });
    rmSync(probe);
  });
  return { write: (text) => attempt(() => replace(target, text)) };
}

/** Beside the file and then in its place: nobody reads half of it. Its permissions stay those that it had. */
function replace(target: string, text: string): void {
  const beside = besides(target);
  const there = statsOf(target);
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    if (there !== null) chmodSync(beside, there.mode);
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** A name that collectors pass over, who go by the end of a name and leave hidden files out. */
const besides = (target: string): string =>
  path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`);

/** Of a file that is not there: where its link leads, should it be one that leads nowhere yet. */
function targetOf(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path.resolve(file);
  return targetOf(path.resolve(realpathSync(path.dirname(file)), readlinkSync(file)));
}

function isOpenAs(fd: number, { dev, ino }: Stats): boolean {
  try {
    const open = fstatSync(fd);
    return open.dev === dev && open.ino === ino;
  } catch {
    return false;
  }
}

/** Null where nothing is. */
function statsOf(file: string): Stats | null {
  try {
    return statSync(file, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function cannotWrite(file: string, cause: unknown): VeneerError {
  const isTyped = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(String(fieldOf(cause, 'code')));
  return new VeneerError(`--out ${file} cannot be written: ${textOf(cause)}`, {
    exitCode: isTyped ? EXIT.usage : EXIT.config,
    hint: isTyped ? 'make its folder first' : 'name a file that this user may write',
    cause,
  });
}

import { sep } from 'node:path';
import { types } from 'node:util';
import type { Problem } from '../../errors.js';
import type { MigrationFile } from '../files/migration-files.js';
import { migrationProblem } from '../migration-problems.js';

/** What a migration's own code threw, as a problem: its message, and its line where that lies in the file. */
export function failureInFile({ file, path }: MigrationFile, what: string, error: unknown): Problem {
  const { message, stack } = textsOf(error);
  // A stack begins with the message, and a parser's message ends with the place: one search finds both.
  const line = lineIn(stack, path);
  const where = line === null ? { file } : { file, line };
  return migrationProblem(`${what}: ${firstLine(message)}`, where, {
    hint: 'correct the file; no migration was run',
  });
}

/** The first place of an error's stack that lies below a folder; its message does not count, which may name a file, too. */
export function placeInFolder(
  folder: string,
  error: unknown,
): { readonly file: string; readonly line: number } | null {
  for (const frame of textsOf(error)
    .stack.split('\n')
    .filter((line) => /^\s+at /.test(line))) {
    const at = frame.indexOf(`${folder}${sep}`);
    const [, file, line] = (at < 0 ? null : /^(.+?):(\d+)/.exec(frame.slice(at))) ?? [];
    if (file !== undefined) return { file, line: Number(line) };
  }
  return null;
}

/** Modules may be evaluated in a realm of their own, where `instanceof Error` does not hold. */
function textsOf(error: unknown): { message: string; stack: string } {
  if (!types.isNativeError(error)) return { message: String(error), stack: '' };
  return { message: error.message || error.name, stack: error.stack ?? '' };
}

function lineIn(stack: string, path: string): number | null {
  const at = stack.indexOf(`${path}:`);
  const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + path.length + 1), 10);
  return Number.isNaN(line) ? null : line;
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim();

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MigrationProblems, migrationProblem } from '../migration-problems.js';

/**
 * The text of a migration's file, without its byte order mark. Throws MigrationProblems where it cannot be read,
 * is not UTF-8, or holds a NUL character (PostgreSQL and its parser would stop there in silence).
 */
export async function readSource(path: string, file: string): Promise<string> {
  const refuse = (message: string, hint: string): never => {
    throw new MigrationProblems([migrationProblem(message, { file }, { hint })]);
  };
  const bytes = await readFile(path).catch((error: Error) =>
    refuse(error.message, 'check the file and its rights'),
  );
  const text = decode(bytes) ?? refuse('the file is not UTF-8 text', 'save it as UTF-8');
  return text.includes('\0')
    ? refuse('the file holds a NUL character', 'save it as UTF-8, without NUL')
    : text;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * sha256 (hex) of a migration's text; line endings, blanks at the end of lines and blank lines at the end do not
 * count, so that editors and git's autocrlf change nothing. Of a pair it is the `.up.sql` file's: that is what was
 * applied, and a `.down.sql` that is written or mended later is no edit of it.
 */
export function checksumOf(text: string): string {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
  return createHash('sha256').update(lines.join('\n').trimEnd()).digest('hex');
}

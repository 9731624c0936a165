import path from 'node:path';
import { didYouMean } from '../../config/text/nearest.js';
import { EXIT, VeneerError } from '../../errors.js';
import { matchesGlob } from '../../fleet/glob.js';

/** A file that may be meant, by all that it is called. */
export interface NamedFile {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  /** `20260105_books`, `shard/20260105_books`; null: it is no migration. */
  readonly label: string | null;
}

/**
 * The files that are meant by what was typed: names of migrations, paths from where it was typed or from the project, globs of
 * these; a `.down.sql` means its `.up.sql` as well. None means all. Throws (exit 64) for what means none.
 */
export function selectedFiles(
  names: readonly string[],
  files: readonly NamedFile[],
  { cwd, projectRoot }: { readonly cwd: string; readonly projectRoot: string },
): (file: string | undefined) => boolean {
  if (names.length === 0) return () => true;
  const meant = names.flatMap((name) => {
    const absolute = path.resolve(cwd, name);
    const isMeant = ({ file, label }: NamedFile): boolean =>
      matchesGlob(file, name) ||
      (label !== null && matchesGlob(label, name)) ||
      [absolute, upOf(absolute)].some((typed) => matchesGlob(path.resolve(projectRoot, file), typed));
    const found = files.filter(isMeant);
    if (found.length === 0) throw unknownName(name, files);
    return found.map(({ file }) => file);
  });
  const chosen = new Set(meant);
  return (file) => file !== undefined && chosen.has(file);
}

const upOf = (name: string): string => name.replace(/\.down\.sql$/i, '.up.sql');

function unknownName(name: string, files: readonly NamedFile[]): VeneerError {
  const known = files.flatMap(({ file, label }) => [file, ...(label === null ? [] : [label])]);
  return new VeneerError(`no migration is called ${name}${didYouMean(name, known)}`, {
    exitCode: EXIT.usage,
    hint: 'give its name, its file, or a pattern in quotes; nothing: all of them',
  });
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';
import type { ConfigProblem } from './config-error.js';
import { readTextFile } from './read-text-file.js';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The variables that shards.yaml may use, and how to name the file they may be put in. */
export interface Environment {
  readonly variables: ReadonlyMap<string, string>;
  /** For hints: the named env file, else the default one. */
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads env files into a record of their own; `process.env` is not touched. A later file wins over an earlier one,
 * the real environment wins over all. Without named files the optional `.env` beside the config is read. dotenv's
 * `parse` is the pure half of its `config`: no expansion, no output.
 */
export function readEnvironment(source: {
  readonly folder: string;
  readonly cwd: string;
  readonly envFiles: readonly string[];
  readonly env: Variables;
}): Environment {
  const fallback = path.join(source.folder, '.env');
  const named = source.envFiles.map((file) => path.resolve(source.cwd, file));
  const files = named.length > 0 ? named : existsSync(fallback) ? [fallback] : [];
  const read = files.map((file) => readEnvFile(file, shownPath(source.cwd, file)));
  const real = Object.entries(source.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    variables: new Map([...read.flatMap((one) => one.entries), ...real]),
    file: shownPath(source.cwd, files.at(-1) ?? fallback),
    problems: read.flatMap((one) => one.problems),
  };
}

/** A path as a person in `cwd` would type it: relative below it, else absolute. */
export function shownPath(cwd: string, file: string): string {
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

function readEnvFile(
  file: string,
  shown: string,
): { entries: [string, string][]; problems: ConfigProblem[] } {
  const unreadable = (message: string) => ({
    entries: [],
    problems: [{ file: shown, line: null, column: null, path: '', message }],
  });
  const read = readTextFile(file);
  if ('code' in read) return unreadable(REASONS[read.code] ?? `cannot be read (${read.code})`);
  return { entries: Object.entries(parse(read.text)), problems: [] };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such env file; --env-file names one that exists',
  EISDIR: 'expected an env file, this is a folder',
};

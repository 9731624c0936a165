import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** A file of the repository as text. */
export const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')));

/** Every document of the repository. */
export const DOCUMENTS: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesIn('docs', /\.md$/),
  ...filesIn('examples', /\.md$/),
];

/** Every source file. */
export const SOURCES: readonly string[] = filesIn('src', /\.ts$/);

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a document. */
export const codeBlocks = (document: string): CodeBlock[] =>
  [...document.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));

/** The part below a heading, up to the next heading of the same level or a higher one. */
export function section(document: string, heading: string): string {
  const lines = document.split('\n');
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`no heading ${heading}`);
  const level = heading.indexOf(' ');
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** The rows of the first table in a text, without its head; cells are trimmed. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => /^\|[ :|-]+\|$/.test(line)) + 1;
  const rest = lines.slice(from);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks. */
export const inCode = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** Every row of every table that begins like a row of exit codes: `| 20 | … |`. */
export const codesIn = (text: string): number[] =>
  [...text.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));

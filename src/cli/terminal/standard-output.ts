import { fstatSync, writeFileSync } from 'node:fs';

const write = process.stdout.write.bind(process.stdout);

/** Writes what a command answers, on stdout. What cannot be written is told by stdout's `error` (`surviveLostOutput`). */
export function answerText(text: string): void {
  if (isFile()) writeWhole(text);
  else write(text);
}

/** The stream of Node takes what a full disk has taken a part of for written, and nobody would hear of the rest. */
function writeWhole(text: string): void {
  try {
    writeFileSync(1, text);
  } catch (error) {
    process.stdout.emit('error', error);
  }
}

function isFile(): boolean {
  try {
    return fstatSync(1).isFile();
  } catch {
    return false;
  }
}

/**
 * Keeps stdout for what a command answers: what migrations, and libraries of theirs, print there goes to stderr. `console`
 * writes through the same function. Not on a terminal, where a person sees both and the rows of a list are drawn by stdout.
 */
export function keepStdout(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr);
}

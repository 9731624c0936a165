const write = process.stdout.write.bind(process.stdout);

/** Writes what a command answers, on stdout. */
export const answerText = (text: string): void => void write(text);

/**
 * Keeps stdout for what a command answers: what migrations, and libraries of theirs, print there goes to stderr. `console`
 * writes through the same function. Not on a terminal, where a person sees both and the rows of a list are drawn by stdout.
 */
export function keepStdout(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr);
}

import { createInterface } from 'node:readline/promises';
import { printable } from '../../render/blocks/mask.js';

/**
 * Shows the lines and asks for yes or no, once more where the answer is neither; what is neither again is no, and so is the
 * end of input. Ctrl-C, which the terminal hands over as a key while a line is read, is the signal that it is elsewhere.
 */
export async function confirm(lines: readonly string[], signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // A question is left without an answer when the input ends.
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('no')));
  terminal.on('SIGINT', () => {
    process.stdout.write('\n');
    process.kill(process.pid, 'SIGINT');
  });
  const ask = async (text: string): Promise<boolean | null> =>
    meaningOf(await Promise.race([terminal.question(text, { signal }), ended]));
  try {
    return (await ask(`${lines.map(printable).join('\n')} [yes/no] `)) ?? (await ask('yes or no? ')) ?? false;
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

/** Null for an answer that is neither yes nor no. */
export function meaningOf(answer: string): boolean | null {
  const word = answer.trim().toLowerCase();
  if (['y', 'yes'].includes(word)) return true;
  return ['n', 'no'].includes(word) ? false : null;
}

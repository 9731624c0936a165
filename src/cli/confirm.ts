import { createInterface } from 'node:readline/promises';
import { printable } from '../render/mask.js';

/** Shows the lines and asks for yes; anything else, the end of input and Ctrl-C included, is no. */
export async function confirm(lines: readonly string[], signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${lines.map(printable).join('\n')} [yes/no] `, { signal });
    return answer.trim().toLowerCase() === 'yes';
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

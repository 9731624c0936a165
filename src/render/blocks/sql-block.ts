import type { Block } from './block.js';
import type { Style } from './style.js';

/** Statements that can be copied as they stand: not indented, each ended, below a comment that says where they belong. */
export function sqlBlock(title: string, statements: readonly string[], style: Style): Block {
  if (statements.length === 0) return [];
  return [{ kind: 'sql', title: style.dim(`-- ${title}`), lines: statements.flatMap(ended) }];
}

/** A comment on the last line would swallow the semicolon; a comment alone needs none. */
function ended(statement: string): readonly string[] {
  const lines = statement.trim().replace(/;$/, '').split('\n');
  const last = lines.at(-1) ?? '';
  if (lines.every((line) => line.trimStart().startsWith('--'))) return lines;
  return last.includes('--') ? [...lines, ';'] : [...lines.slice(0, -1), `${last};`];
}

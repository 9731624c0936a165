import type { Block, Line } from '../blocks/block.js';
import { rowText } from '../blocks/table.js';

/** Blocks as text; empty, or with a line break at its end. */
export function textOf(blocks: readonly Block[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) =>
      block
        .flatMap(textLines)
        .map((line) => `${line.trimEnd()}\n`)
        .join(''),
    )
    .join('\n');
}

function textLines(line: Line): readonly string[] {
  if (typeof line === 'string') return [line];
  if (line.kind === 'sql') return [line.title, ...line.lines];
  return [rowText(line), ...line.below.flatMap(textLines)];
}

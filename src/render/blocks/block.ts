/** Lines that belong together; a blank line stands between two blocks, and an empty one is left out. */
export type Block = readonly string[];

/** Heads the report of every `--dry-run`. */
export const NOTHING_CHANGED = 'dry run: nothing was changed';

/** Blocks as text; empty, or with a line break at its end. */
export function textOf(blocks: readonly Block[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => `${line.trimEnd()}\n`).join(''))
    .join('\n');
}

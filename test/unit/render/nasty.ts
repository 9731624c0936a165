import fc from 'fast-check';
import type { Line } from '../../../src/render/blocks/block.js';
import { printable } from '../../../src/render/blocks/mask.js';
import { MARKED } from '../../../src/render/blocks/style.js';
import { tableLines } from '../../../src/render/blocks/table.js';

/** Names that somebody made up to break what shows them; without what no report has when it becomes blocks. */
export const NASTY_NAMES: readonly string[] = [
  `O'Brien "x"; | drop <b>`,
  'a|b\\|c\\',
  '```\n`` ` # x',
  '<script>alert(1)</script>',
  '</pre></td></table><img src=x onerror=alert(1)>',
  '&amp; &lt; &#124;',
  '*a* _b_ ~~c~~ [d](e) ![f](g) $h$',
  '- a\n+ b\n1. c\n> d\n# e\n===\n---',
  '@somebody #12 https://evil.example www.evil.example',
  '\u001B[31mred\u001B[0m \u202Egnp',
].map(printable);

const UNITS = [...'|`\\<>&*_[]()!~$#@-+=.:;,/"\'{}^%?ab1é書 \n\t\u001B\r\0'.split(''), '😀'];

export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY_NAMES),
  fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 30 }).map(printable),
);

const painted: fc.Arbitrary<string> = fc
  .tuple(
    nasty,
    fc.constantFrom(...Object.values(MARKED), (text: string) => text),
  )
  .map(([text, paint]) => paint(text));

/** Text with and without marks, as it comes out of a renderer. */
export const paintedLine: fc.Arbitrary<string> = fc
  .array(painted, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''));

/** The cells of a table, all rows of one length. */
export const nastyRows: fc.Arbitrary<readonly (readonly string[])[]> = fc
  .integer({ min: 1, max: 5 })
  .chain((columns) =>
    fc.array(fc.array(nasty, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 5 }),
  );

export const tableOfTexts = (rows: readonly (readonly string[])[]): readonly Line[] =>
  tableLines(
    rows.map((cells) => cells.map((text) => ({ text, paint: MARKED.bold }))),
    [],
  );

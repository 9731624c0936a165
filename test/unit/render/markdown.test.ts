import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import type { Block } from '../../../src/render/blocks/block.js';
import { MARKED } from '../../../src/render/blocks/style.js';
import { plainOf } from '../../../src/render/blocks/spans.js';
import { oneLine, tableOf } from '../../../src/render/blocks/table.js';
import { markdownOf } from '../../../src/render/writers/markdown.js';
import { NASTY_NAMES, nasty, nastyRows, paintedLine, tableOfTexts } from './nasty.js';

/** A parser of somebody else's, which takes HTML and bare links for what they are where it finds any. */
const parser = new MarkdownIt({ html: true, linkify: true });

const markdown = (...blocks: readonly Block[]): string => markdownOf({ headline: 'h', blocks });

interface Parsed {
  /** Types of all tokens. */
  readonly types: ReadonlySet<string>;
  /** What is shown on each line, the headline left out, without what only keeps hosts from linking. */
  readonly texts: readonly string[];
  /** Cells of each row, the head first. */
  readonly rows: readonly number[];
}

function parsed(text: string): Parsed {
  const types = new Set<string>();
  const texts: string[] = [];
  const rows: number[] = [];
  for (const token of parser.parse(text, {})) {
    types.add(token.type);
    if (token.type === 'tr_open') rows.push(0);
    if (token.type === 'th_open' || token.type === 'td_open') rows[rows.length - 1]! += 1;
    if (token.type === 'fence') texts.push(token.content);
    if (token.type !== 'inline') continue;
    let shown = '';
    for (const child of token.children ?? []) {
      types.add(child.type);
      if (child.type === 'hardbreak') shown += '\n';
      else shown += child.content;
    }
    texts.push(...shown.split('\n').map((line) => line.replaceAll('\u200B', '')));
  }
  return { types, texts: texts.slice(1), rows };
}

/** As people see it: blanks as one. */
const seen = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const WORDS_ALONE = ['heading_open', 'heading_close', 'inline', 'text', 'paragraph_open', 'paragraph_close'];
const MARKS = ['strong_open', 'strong_close', 'code_inline', 'hardbreak', 'text_special'];
const LISTS = ['bullet_list_open', 'bullet_list_close', 'list_item_open', 'list_item_close'];
const TABLE = ['table', 'thead', 'tbody', 'tr', 'th', 'td'].flatMap((tag) => [`${tag}_open`, `${tag}_close`]);

test('a table has as many cells in each row as it has columns, and shows what they hold', () => {
  fc.assert(
    fc.property(nastyRows, (rows) => {
      const { types, texts, rows: counts } = parsed(markdown(tableOfTexts(rows)));
      const columns = rows[0]?.length ?? 0;
      expect(counts).toEqual(Array.from({ length: rows.length + 1 }, () => columns));
      expect(texts.slice(columns).map(seen)).toEqual(rows.flat().map((cell) => seen(oneLine(cell))));
      expect([...types].filter((type) => ![...WORDS_ALONE, ...MARKS, ...TABLE].includes(type))).toEqual([]);
    }),
  );
});

test('lines of words show what they hold, whatever it looks like', () => {
  fc.assert(
    fc.property(fc.array(paintedLine, { minLength: 1, maxLength: 4 }), (lines) => {
      const { types, texts } = parsed(markdown(lines));
      const wanted = lines.flatMap((line) => line.split('\n').map(plainOf));
      expect(texts.map(seen)).toEqual(
        wanted.filter((line) => line.trim() !== '').map((line) => seen(oneLine(line))),
      );
      expect([...types].filter((type) => ![...WORDS_ALONE, ...MARKS, ...LISTS].includes(type))).toEqual([]);
    }),
  );
});

test('statements stand in a fence that nothing in them ends', () => {
  fc.assert(
    fc.property(fc.array(nasty, { maxLength: 4 }), (lines) => {
      const { types, texts } = parsed(markdown([{ kind: 'sql', title: MARKED.dim('-- x'), lines }]));
      expect(types).toEqual(new Set(['heading_open', 'inline', 'text', 'heading_close', 'fence']));
      expect(texts).toEqual([`${['-- x', ...lines].join('\n')}\n`]);
    }),
  );
});

test.each(NASTY_NAMES)('no host of code makes a link, a mention or a tag of %j', (name) => {
  const shown = parser.render(markdown([`notice: ${name}`]));
  expect(shown).not.toMatch(/<(a|img|script|b|del)\b/);
  // They look for these in what is shown, not in how it was written.
  expect(shown).not.toMatch(/(?<!\w)@\w|(?<!\w)#\d/);
});

test('what is indented becomes a list; a command is code; what is told of a row comes below the table', () => {
  const rows = tableOf(
    [
      { name: 'shard1', below: [] },
      { name: 'shard2', below: ['  error: it is full', '    hint: make room'] },
    ],
    ['shard'],
    ({ name }) => [{ text: `  ${name}`, paint: MARKED.bold }],
    ({ below }) => below,
  );
  const lines = [MARKED.bold('drift:'), '  one', '      why', MARKED.dim('      cure'), '  two'];
  expect(markdown(rows, lines, [`${MARKED.bold('next:')} ${MARKED.code('migrate up')}`], [])).toBe(`### h

| shard |
| --- |
| **shard1** |
| **shard2** |

**shard2**

error: it is full

- hint: make room

**drift:**

- one
  - why
  - cure
- two

**next:** \`migrate up\`
`);
});

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import type { Block } from '../../../src/render/blocks/block.js';
import { MARKED } from '../../../src/render/blocks/style.js';
import { plainOf } from '../../../src/render/blocks/spans.js';
import { oneLine, tableOf } from '../../../src/render/blocks/table.js';
import { htmlOf } from '../../../src/render/writers/html.js';
import { nasty, nastyRows, paintedLine, tableOfTexts } from './nasty.js';

type Node = DefaultTreeAdapterTypes.Node;

const html = (headline: string, ...blocks: readonly Block[]): string => htmlOf({ headline, blocks });

/** All nodes of a page, as a browser would have them. */
function nodesOf(text: string): Node[] {
  const all = (node: Node): Node[] => [node, ...('childNodes' in node ? node.childNodes.flatMap(all) : [])];
  return all(parse(text));
}

const textOf = (node: Node): string => {
  if ('value' in node && node.nodeName === '#text') return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
};

const textsIn = (page: string, tag: string): string[] =>
  nodesOf(page)
    .filter(({ nodeName }) => nodeName === tag)
    .map(textOf);

/** What the page itself is made of; a name that became a tag would be another, or one more. */
const tagsOf = (page: string): string[] => nodesOf(page).map(({ nodeName }) => nodeName);

test('lines of words read as the same text', () => {
  fc.assert(
    fc.property(nasty, fc.array(paintedLine, { minLength: 1, maxLength: 4 }), (headline, lines) => {
      fc.pre(lines.some((line) => plainOf(line).trim() !== ''));
      const page = html(headline, ['x', ...lines]);
      expect(textsIn(page, 'p')).toEqual([['x', ...lines].map(plainOf).join('\n')]);
      expect(textsIn(page, 'h1')).toEqual([headline]);
      const known = ['#text', 'b', 'code', 'span'];
      const made = tagsOf(page).filter((tag) => !known.includes(tag));
      expect(made).toEqual(tagsOf(html('h', ['x'])).filter((tag) => !known.includes(tag)));
    }),
  );
});

test('so do the cells of a table, and statements', () => {
  fc.assert(
    fc.property(nastyRows, fc.array(nasty, { maxLength: 3 }), (rows, lines) => {
      const page = html('h', tableOfTexts(rows), [{ kind: 'sql', title: MARKED.dim('-- x'), lines }]);
      expect(textsIn(page, 'td')).toEqual(rows.flat().map((cell) => oneLine(cell).trim()));
      expect(textsIn(page, 'pre')).toEqual([['-- x', ...lines].join('\n')]);
    }),
  );
});

test('a row and what is told of it are shown and hidden together; columns that have names show them', () => {
  const rows = tableOf(
    ['shard1', 'shard2'],
    ['shard', 'state'],
    (name) => [
      { text: name, paint: MARKED.red },
      { text: '1', align: 'right' },
    ],
    (name) => (name === 'shard2' ? ['  error: it is full'] : []),
  );
  const page = html('h', rows);
  expect(textsIn(page, 'th')).toEqual(['shard', 'state']);
  expect(textsIn(page, 'tbody').map((text) => text.trim())).toEqual([
    'shard11',
    'shard21\n  error: it is full',
  ]);
  expect(page).toContain('<td><span class="red">shard1</span></td><td class="number">1</td>');
});

test('the page asks nobody for anything, and its policy allows its own style and script alone', () => {
  const page = html('h', ['x']);
  expect(page).not.toMatch(/\b(src|href|url|@import)\b\s*[=(]/);
  const policy = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? '';
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ] as const) {
    const [text = ''] = textsIn(page, tag);
    const digest = createHash('sha256').update(text).digest('base64');
    expect(policy).toContain(`${directive} 'sha256-${digest}'`);
  }
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

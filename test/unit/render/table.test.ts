import { expect, test } from '@jest/globals';
import { rowText, tableLines } from '../../../src/render/blocks/table.js';
import { widthOf } from '../../../src/render/blocks/width.js';

test.each([
  ['abc', 3],
  ['été', 3],
  ['e\u0301te\u0301', 3],
  ['書店', 4],
  ['한글', 4],
  ['😀', 2],
  ["O'Brien", 7],
])('the width of %s is %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('wide characters, long names and line breaks do not break the columns', () => {
  const cells = (...texts: string[]) => texts.map((text) => ({ text }));
  expect(
    tableLines(
      [
        cells('shard', 'tenant', 'n'),
        cells('東京', 'a\nb\tc', '1'),
        cells('s', 'a_name_that_is_longer_than_others', '2'),
      ],
      [],
    ).map(rowText),
  ).toEqual([
    'shard  tenant                             n',
    String.raw`東京   a\nb\tc                            1`,
    's      a_name_that_is_longer_than_others  2',
  ]);
});

test('numbers stand at the right; paint does not count as columns', () => {
  const paint = (text: string): string => `<${text}>`;
  expect(
    tableLines(
      [
        [{ text: 'n', align: 'right', paint }, { text: 'x' }],
        [{ text: '1,950', align: 'right' }, { text: 'y' }],
      ],
      [],
    ).map(rowText),
  ).toEqual(['<    n>  x', '1,950  y']);
});

test('no rows, no lines', () => {
  expect(tableLines([], [])).toEqual([]);
});

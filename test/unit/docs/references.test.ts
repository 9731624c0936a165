import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { read, ROOT, SOURCES } from './documents.js';

const sectionsOf = (document: string): string[] =>
  [...read(document).matchAll(/^## (\d+)\. /gm)].map(([, number = '']) => number);

/** References in comments, line breaks inside of them included. */
const referencesIn = (file: string, word: string): string[] => {
  const text = read(file).replaceAll(/\n\s*(?:\*|\/\/) ?/g, ' ');
  return [...text.matchAll(new RegExp(`\\b${word} sections? ([\\d, and]+\\d|\\d)`, 'g'))].flatMap(
    ([, numbers = '']) => numbers.match(/\d+/g) ?? [],
  );
};

test.each([
  ['PROTOCOL', 'docs/protocol.md'],
  ['DESIGN', 'docs/design.md'],
])('every "%s section N" in the code is a section of %s', (word, document) => {
  const references = SOURCES.flatMap((file) => referencesIn(file, word).map((number) => ({ file, number })));
  expect(references.length).toBeGreaterThan(0);
  expect(references.filter(({ number }) => !sectionsOf(document).includes(number))).toEqual([]);
});

test('the sections of these pages are numbered without a gap', () => {
  for (const document of ['docs/protocol.md', 'docs/design.md']) {
    const numbers = sectionsOf(document);
    expect(numbers).toEqual(numbers.map((_, index) => String(index + 1)));
  }
});

test('files that the documents name in backticks exist', () => {
  const named = ['CONTRIBUTING.md', 'docs/design.md', 'docs/protocol.md', 'docs/runbook.md'].flatMap(
    (document) =>
      [...read(document).matchAll(/`((?:src|test|docs|scripts)\/[\w./-]+\w)`/g)].map(([, name = '']) => ({
        document,
        name,
      })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ name }) => !existsSync(path.join(ROOT, name)))).toEqual([]);
});

import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { DOCUMENTS, read, ROOT } from './documents.js';

/** As GitHub makes it: lower case, blanks to hyphens, punctuation left out. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (document: string): string[] =>
  [...read(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

const linksOf = (document: string): string[] =>
  [...read(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target));

test.each(DOCUMENTS)('every link in %s leads to a file, and every anchor to a heading', (document) => {
  const broken = linksOf(document).filter((target) => {
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? document : path.posix.join(path.posix.dirname(document), file);
    if (!existsSync(path.join(ROOT, found))) return true;
    return anchor !== undefined && !anchorsOf(found).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('the README leads to every page of docs', () => {
  const missing = DOCUMENTS.filter((name) => /^docs\/[^/]+\.md$/.test(name)).filter(
    (name) => !linksOf('README.md').includes(name),
  );
  expect(missing).toEqual([]);
});

test('the list of decisions has every record', () => {
  const records = DOCUMENTS.filter((name) => /^docs\/adr\/\d/.test(name)).map((name) => path.basename(name));
  expect(linksOf('docs/adr/README.md').toSorted()).toEqual(records.toSorted());
});

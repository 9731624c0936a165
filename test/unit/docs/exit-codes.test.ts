import { expect, test } from '@jest/globals';
import { EXIT } from '../../../src/errors.js';
import { read, section, tableRows } from './documents.js';

const codes = Object.values(EXIT).toSorted((a, b) => a - b);

const rowsOf = (document: string): string[][] => tableRows(section(read(document), '## Exit codes'));

test.each(['README.md', 'FORMATS.md', 'docs/runbook.md'])(
  '%s lists the exit codes, all of them and no others',
  (document) => {
    expect(rowsOf(document).map(([code]) => Number(code))).toEqual(codes);
  },
);

test('FORMATS.md gives each its name', () => {
  const names = rowsOf('FORMATS.md').map(([code, name]) => [name?.replaceAll('`', ''), Number(code)]);
  expect(Object.fromEntries(names)).toEqual(EXIT);
});

test('the three tables say the same of each', () => {
  const meanings = (document: string, column: number) => rowsOf(document).map((row) => [row[0], row[column]]);
  expect(meanings('FORMATS.md', 2)).toEqual(meanings('README.md', 1));
  expect(meanings('docs/runbook.md', 1)).toEqual(meanings('README.md', 1));
});

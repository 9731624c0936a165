import { expect, test } from '@jest/globals';
import { checksumOf } from '../../../src/migrations/files/source-file.js';
import { load, loadOne } from './folder.js';

const TEXT = 'select 1;\n\nselect  2;\n';

test.each([
  ['line endings of Windows', 'select 1;\r\n\r\nselect  2;\r\n'],
  ['blanks at the end of a line', 'select 1; \t\n  \nselect  2;\n'],
  ['blank lines at the end', `${TEXT}\n \n`],
  ['no line ending at the end', TEXT.trimEnd()],
  ['a byte order mark', `\uFEFF${TEXT}`],
])('%s: the same checksum', async (_, text) => {
  expect((await loadOne('1_a.sql', text)).checksum).toBe((await loadOne('1_a.sql', TEXT)).checksum);
});

test.each([
  ['another word', 'select 1;\n\nselect  3;\n'],
  ['other blanks inside a line', 'select 1;\n\nselect 2;\n'],
  ['a blank line less', 'select 1;\nselect  2;\n'],
  ['another indent', ' select 1;\n\nselect  2;\n'],
])('%s: another checksum', (_, text) => {
  expect(checksumOf(text)).not.toBe(checksumOf(TEXT));
});

test('the checksum is the sha256 of the normalised text', () => {
  expect(checksumOf('abc \r\n')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('of a pair it is the checksum of the up file', async () => {
  const checksum = async (down: string): Promise<string | undefined> =>
    (await load({ '1_a.up.sql': TEXT, '1_a.down.sql': down }))[0]?.checksum;
  expect(await checksum('a')).toBe(checksumOf(TEXT));
  expect(await checksum('b')).toBe(checksumOf(TEXT));
});

import { expect, test } from '@jest/globals';
import { loadError, loadOne, sqlOf } from './folder.js';

test('what must hold is no part of what runs', async () => {
  const sql = await loadOne('1_a.sql', 'CREATE TABLE a ();\n-- Verify\nSELECT 1;\n');
  expect(sqlOf(sql)).toEqual(['CREATE TABLE a ()']);
  expect(sql.verify).toMatchObject({ kind: 'static', statements: [{ line: 3 }] });
  const script = await loadOne(
    '1_a.js',
    `export const up = (pgm) => pgm.sql('SELECT 1'); export const verify = (pgm) => pgm.sql('SELECT 2');`,
  );
  expect(sqlOf(script)).toEqual(['SELECT 1']);
  expect(script.verify).toMatchObject({
    kind: 'static',
    statements: [{ sql: expect.stringContaining('2') }],
  });
  expect((await loadOne('1_a.sql', 'SELECT 1')).verify).toBeUndefined();
});

test.each([
  ['1_a.sql', '-- no-transaction\nVACUUM a;\n-- Verify\nSELECT 1', 'cannot be rolled back'],
  [
    '1_a.js',
    'export const up = (pgm) => pgm.noTransaction(); export const verify = () => {};',
    'cannot be rolled back',
  ],
  ['1_a.js', 'export const up = () => {}; export const verify = 1;', '`verify` is not a function'],
  ['1_a.sql', 'SELECT 1;\n-- Verify\nCOMMIT;', 'COMMIT'],
  ['1_a.sql', 'SELECT 1;\n-- Verify\nSELEC 1;', 'syntax error'],
  ['1_a.sql', '-- Verify\n-- Verify\n', 'a second "-- verify"'],
])('%s that says %j is refused', async (file, text, message) => {
  expect((await loadError({ [file]: text })).message).toContain(message);
});

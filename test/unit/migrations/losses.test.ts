import { expect, test } from '@jest/globals';
import { lossesOf } from '../../../src/migrations/sql/losses.js';
import { loadOne } from './folder.js';

const losses = async (sql: string): Promise<string[]> =>
  (await lossesOf([await loadOne('1_a.sql', sql)])).map((text) => text.replace(/^1_a /, ''));

test.each([
  ['DROP TABLE a, b.c', ['drops table a with its rows', 'drops table b.c with its rows']],
  ['ALTER TABLE t DROP COLUMN a, ADD b int', ['drops column t.a']],
  ['ALTER TABLE t ALTER a TYPE int USING a::int', ['converts column t.a']],
  ['TRUNCATE a', ['empties a']],
  ['DELETE FROM a WHERE false', ['deletes rows of a']],
  ['UPDATE a SET b = 1', ['overwrites rows of a']],
])('%s is a loss', async (sql, expected) => expect(await losses(sql)).toEqual(expected));

test.each([
  'DO $$BEGIN END$$',
  'SELECT f()',
  'INSERT INTO a VALUES (f())',
  'INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2',
  'WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d',
  'DROP SCHEMA x CASCADE',
  'DROP EXTENSION citext',
  'ALTER TABLE t DROP CONSTRAINT c CASCADE',
  'CALL p()',
])('%s may be one', async (sql) => {
  expect(await losses(sql)).toEqual([expect.stringMatching(/^may lose data: /)]);
});

test.each([
  'DROP VIEW v',
  'DROP INDEX i',
  'DROP FUNCTION f()',
  'DROP TYPE t',
  'CREATE TABLE a ()',
  'ALTER TABLE t ADD a int, ALTER b SET NOT NULL, DROP CONSTRAINT c',
  'ALTER TABLE a RENAME b TO c',
  'INSERT INTO a VALUES (1)',
  'COMMENT ON TABLE a IS $$b$$',
])('%s is none', async (sql) => expect(await losses(sql)).toEqual([]));

test('a script that asks the database may lose data', async () => {
  const script = await loadOne(
    '1_a.js',
    'export const up = async (pgm) => { await pgm.db.query("SELECT 1"); };',
  );
  expect(await lossesOf([script])).toEqual(['1_a may lose data: what it does is known only when it runs']);
});

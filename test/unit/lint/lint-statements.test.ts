import { expect, test } from '@jest/globals';
import { lintFolder } from './lint-folder.js';

/** Findings about a table that other migrations have made, as `level rule: text`. */
const told = async (sql: string): Promise<string[]> => {
  const { findings } = await lintFolder({ '1_a.sql': `${sql};\n-- Down Migration\nSELECT 1` });
  return findings.map(({ level, rule, text }) => `${level} ${rule}: ${text}`);
};

test.each([
  ['DROP TABLE a.b', 'warning data: drops table a.b with its rows'],
  ['ALTER TABLE t DROP COLUMN a', 'warning data: drops column t.a'],
  ['ALTER TABLE t ALTER a TYPE int', 'warning data: converts column t.a'],
  ['TRUNCATE t', 'warning data: empties t'],
  ['DELETE FROM t', 'warning data: deletes rows of t'],
  ['UPDATE t SET a = 1', 'warning data: overwrites rows of t'],
  ['ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()', 'warning rewrite: writes t anew'],
  ['ALTER TABLE t ADD a my_domain', 'unknown rewrite: may write t anew, which the catalogs decide'],
  ['REFRESH MATERIALIZED VIEW t', 'warning rewrite: writes t anew'],
  ['CREATE INDEX ON t (a)', 'warning scan: builds an index: reads all of t under SHARE'],
  ['ALTER TABLE t ADD UNIQUE (a)', 'warning scan: builds an index: reads all of t under ACCESS EXCLUSIVE'],
  [
    'ALTER TABLE t ADD CHECK (a > 0)',
    'warning scan: checks a constraint: reads all of t under ACCESS EXCLUSIVE',
  ],
  [
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES b',
    'warning scan: checks a constraint: reads all of t under SHARE ROW EXCLUSIVE',
  ],
  [
    'ALTER TABLE t ADD a int CHECK (a > 0)',
    'warning scan: checks a constraint: reads all of t under ACCESS EXCLUSIVE',
  ],
  [
    'ALTER TABLE t ALTER a SET NOT NULL',
    'unknown scan: looks for NULL: reads all of t under ACCESS EXCLUSIVE, unless a valid CHECK says already that its rows are right',
  ],
  [
    'ALTER TABLE t ATTACH PARTITION p DEFAULT',
    'unknown scan: compares with the bounds: reads all of p under ACCESS EXCLUSIVE, unless a valid CHECK says already that its rows are right',
  ],
  ['ALTER TABLE t RENAME a TO b', 'warning rename: renames t.a to b'],
  ['ALTER VIEW s.t RENAME TO u', 'warning rename: renames s.t to u'],
  ['ALTER TABLE t SET SCHEMA s', 'warning rename: renames t to s.t'],
  ['ALTER TABLE t ADD a int NOT NULL', 'warning required column: adds t.a NOT NULL without a default'],
  [
    'CREATE TABLE t (a text DEFAULT current_user)',
    'warning writes: INSERTs into t through the veneer suffer: a: stays NULL; its default cannot be copied',
  ],
  [
    'DROP VIEW v CASCADE',
    'unknown cascade: takes along by CASCADE what depends on it, which the catalogs tell',
  ],
  ['DO $$BEGIN END$$', 'unknown unseen: does what its text does not tell: locks and losses are not known'],
  ['SELECT f()', 'unknown unseen: does what its text does not tell: locks and losses are not known'],
])('%s', async (sql, expected) => expect(await told(sql)).toEqual([expected]));

test.each([
  'CREATE TABLE t (a uuid PRIMARY KEY DEFAULT gen_random_uuid(), b text NOT NULL REFERENCES c)',
  'ALTER TABLE t ADD a int, ADD b int REFERENCES c, ADD d int NOT NULL DEFAULT 0',
  'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID',
  'ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i',
  'ALTER INDEX i RENAME TO j',
  'ALTER TABLE t ALTER a DROP NOT NULL, ALTER b SET DEFAULT 1',
  'INSERT INTO t VALUES (1, now())',
  'GRANT SELECT ON t TO a',
  'COMMENT ON TABLE t IS $$the text: DROP TABLE t; TRUNCATE t$$',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ DELETE FROM t RETURNING 1 $$',
])('there is nothing to say about %s', async (sql) => expect(await told(sql)).toEqual([]));

test('what a migration has made itself, nobody else uses yet', async () => {
  const made =
    'CREATE TABLE t (a int); CREATE INDEX ON t (a); UPDATE t SET a = 1; ALTER TABLE t ALTER a SET NOT NULL';
  expect(
    await told(`${made}; ALTER TABLE t RENAME a TO b; ALTER TABLE t ADD c int NOT NULL; DROP TABLE t`),
  ).toEqual([]);
});

test('what it may have made, since IF NOT EXISTS does nothing where it is there, only a database tells', async () => {
  expect(await told('CREATE TABLE IF NOT EXISTS t (a int); UPDATE t SET a = 1; UPDATE u SET a = 1')).toEqual([
    'unknown data: overwrites rows of t',
    'warning data: overwrites rows of u',
  ]);
  expect(await told('CREATE TABLE IF NOT EXISTS t AS SELECT 1; DROP TABLE t')).toEqual([
    'unknown data: drops table t with its rows',
  ]);
});

test('in a fleet without a veneer nobody writes through one', async () => {
  const files = { '1_a.sql': 'CREATE TABLE t (id serial PRIMARY KEY);\n-- Down Migration\nDROP TABLE t' };
  const rules = async (hasVeneers: boolean): Promise<string[]> =>
    (await lintFolder(files, { hasVeneers })).findings.map(({ rule }) => rule);
  expect([await rules(true), await rules(false)]).toEqual([['writes'], []]);
});

test('what goes through rows behind a strong lock of the same migration is told', async () => {
  const lock = 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID';
  const held = 'warning lock held: goes through rows of t while this migration holds ACCESS EXCLUSIVE on it';
  expect(await told(`${lock}; ALTER TABLE t VALIDATE CONSTRAINT c`)).toEqual([held]);
  expect(await told(`${lock}; ALTER TABLE u VALIDATE CONSTRAINT c`)).toEqual([]);
  expect(await told(`ALTER TABLE t VALIDATE CONSTRAINT c; ${lock}`)).toEqual([]);
});

test('each finding has its statement, its line, and why', async () => {
  const { findings } = await lintFolder({
    '1_a.sql': 'SELECT 1;\n\n  DROP TABLE t;\n-- Down Migration\nSELECT 1',
  });
  expect(findings).toEqual([
    expect.objectContaining({
      migration: '1_a',
      file: 'migrations/1_a.sql',
      line: 3,
      sql: 'DROP TABLE t',
      why: expect.stringContaining('a view of the veneer that shows it refuses the step'),
      instead: expect.stringContaining('docs/expand-contract.md#contract'),
    }),
  ]);
});

test('a veneer is written without one: what INSERTs suffer is told of shards', async () => {
  const sql = 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY);\n-- Down Migration\nSELECT 1';
  const { findings } = await lintFolder({ 'shard/1_a.sql': sql, 'veneer/1_a.sql': sql });
  expect(findings.map(({ migration, rule }) => [migration, rule])).toEqual([['shard/1_a', 'writes']]);
});

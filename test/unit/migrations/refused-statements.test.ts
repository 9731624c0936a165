import { expect, test } from '@jest/globals';
import { loadError, loadOne, sqlOf } from './folder.js';

const TRANSACTION = [
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  "PREPARE TRANSACTION 'x'",
  "COMMIT PREPARED 'x'",
  "ROLLBACK PREPARED 'x'",
];

test.each(TRANSACTION)('%s is refused with its place', async (sql) => {
  const error = await loadError({ '1_a.sql': `select 1;\n  ${sql};\nselect 2` });
  expect(error.message).toContain(`${sql.replace(" 'x'", '')}: a migration runs inside one transaction`);
  expect(error.facts).toMatchObject({
    exitCode: 20,
    where: { file: 'migrations/1_a.sql', line: 2, column: 3 },
  });
});

test.each([
  ['a BEGIN with a mode', 'begin isolation level serializable; select 1; commit', 'BEGIN:'],
  ['COMMIT AND CHAIN', 'begin; select 1; commit and chain', 'BEGIN:'],
  ['a BEGIN without its COMMIT', 'begin; select 1', 'BEGIN:'],
  ['ROLLBACK at the end', 'begin; select 1; rollback', 'BEGIN:'],
])('no outermost pair: %s', async (_, sql, message) => {
  const error = await loadError({ '1_a.sql': sql });
  expect(`${error.message}${error.facts.detail ?? ''}`).toContain(message);
});

test('a COMMIT inside an outermost pair is refused', async () => {
  const error = await loadError({ '1_a.sql': 'begin;\nselect 1;\ncommit;\nselect 2;\ncommit;' });
  expect(error.facts.where).toMatchObject({ line: 3 });
});

test.each(['ROLLBACK TO a', 'RELEASE a', 'SAVEPOINT a; RELEASE a; ROLLBACK TO a'])(
  'a savepoint that is not its own is refused: %s',
  async (sql) => {
    expect((await loadError({ '1_a.sql': sql })).message).toMatch(/ a: no such SAVEPOINT stands before it/);
  },
);

const OUTSIDE_ONLY = [
  ['CREATE INDEX CONCURRENTLY', 'create index concurrently i on a (b)'],
  ['DROP INDEX CONCURRENTLY', 'drop index concurrently i'],
  ['REINDEX CONCURRENTLY', 'reindex table concurrently a'],
  ['REINDEX of a schema or database', 'reindex schema a'],
  ['DETACH PARTITION CONCURRENTLY', 'alter table a detach partition b concurrently'],
  ['VACUUM', 'vacuum a'],
  ['CLUSTER of all tables', 'cluster'],
  ['CREATE DATABASE', 'create database a'],
  ['DROP DATABASE', 'drop database a'],
  ['ALTER DATABASE SET TABLESPACE', 'alter database a set tablespace b'],
  ['CREATE TABLESPACE', "create tablespace a location '/a'"],
  ['DROP TABLESPACE', 'drop tablespace a'],
  ['ALTER SYSTEM', "alter system set work_mem = '1MB'"],
  ['DISCARD ALL', 'discard all'],
];

test.each(OUTSIDE_ONLY)('%s is refused: it cannot run inside a transaction', async (what, sql) => {
  const error = await loadError({ '1_a.sql': `select 1;\n${sql}` });
  expect(error.message).toBe(`${what}: it cannot run inside a transaction`);
  expect(error.facts.where).toMatchObject({ line: 2, column: 1 });
});

test.each([
  ['CREATE INDEX CONCURRENTLY', 'create index concurrently i on a (b)'],
  ['VACUUM', 'vacuum a'],
])('of %s the error names the marker that would let it run', async (_, sql) => {
  const error = await loadError({ '1_a.sql': sql });
  expect(error.facts.hint).toContain('mark the migration by a line "-- no-transaction" above its first');
  const script = await loadError({ '1_a.js': `export const up = (pgm) => pgm.sql(${JSON.stringify(sql)});` });
  expect(script.facts.hint).toContain('call pgm.noTransaction()');
});

test.each(['create database a', 'vacuum full a', 'create index concurrently on a (b)'])(
  'of %s it does not, since the marker would not help',
  async (sql) => {
    expect((await loadError({ '1_a.sql': sql })).facts.hint).not.toMatch(/no-?transaction/i);
  },
);

test.each(['copy a from stdin', 'copy (select 1) to stdout'])('%s is refused', async (sql) => {
  expect((await loadError({ '1_a.sql': sql })).message).toMatch(
    /^COPY from stdin or to stdout: there is no stream/,
  );
});

test.each([
  'create index i on a (b)',
  'reindex table a',
  'analyze a',
  'cluster a',
  'drop index i',
  'alter table a detach partition b',
  'create temp table t (a int)',
  'listen a',
  "alter type t add value 'x'",
  "copy a from '/tmp/a'",
  'refresh materialized view concurrently a',
])('%s is not refused', async (sql) => {
  expect(sqlOf(await loadOne('1_a.sql', sql))).toEqual([sql]);
});

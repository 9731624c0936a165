import { expect, test } from '@jest/globals';
import { PARSE_LIMIT } from '../../../src/migrations/sql/parse-sql.js';
import { loadError, loadOne, statementsOf } from './folder.js';

const INDEX = 'create index concurrently i on t (a)';

test.each([
  ['the marker', `-- no-transaction\n${INDEX}`],
  ['its longer form', `-- pg-veneer: no-transaction\n${INDEX}`],
  ['capitals and no blank', `--No-Transaction\n${INDEX}`],
  ['the marker below other comments', `/* why:\n*/\n-- an index\n\n  -- no-transaction  \n${INDEX}`],
  [
    'the marker in the up part',
    `-- Up Migration\n-- no-transaction\n${INDEX};\n-- Down Migration\ndrop table t`,
  ],
  [
    'the marker above the parts',
    `-- no-transaction\n-- Down Migration\ndrop table t;\n-- Up Migration\n${INDEX};\n`,
  ],
  ['line endings of Windows', `-- no-transaction\r\n${INDEX}\r\n`],
])('%s: no transaction', async (_, sql) => {
  expect((await loadOne('1_a.sql', sql)).transaction).toBe('none');
});

test.each([
  ['no marker', 'select 1'],
  ['the marker below a statement', 'select 1;\n-- no-transaction\nselect 2'],
  ['the marker inside a block comment', '/*\n-- no-transaction\n*/ select 1'],
  ['the marker inside a string', "select '\n-- no-transaction\n'"],
  ['the marker with more words', '-- no-transaction is needed here\nselect 1'],
  [
    'the marker in the down part',
    '-- Down Migration\n-- no-transaction\nselect 1;\n-- Up Migration\nselect 2',
  ],
])('%s: a transaction', async (_, sql) => {
  expect((await loadOne('1_a.sql', sql)).transaction).toBe('step');
});

test('pgm.noTransaction() is the marker of TypeScript and JavaScript', async () => {
  const migration = await loadOne(
    '1_a.ts',
    `export const up = (pgm) => {
       pgm.noTransaction();
       pgm.createIndex({ schema: 's', name: 't' }, 'a', { concurrently: true, ifNotExists: true });
       pgm.dropIndex('t', 'b', { concurrently: true });
     };`,
  );
  expect(migration).toMatchObject({ transaction: 'none', body: { kind: 'static' } });
  expect(statementsOf(migration).map(({ effect }) => effect)).toEqual([
    { kind: 'creates index', index: 't_a_index', table: { schema: 's', name: 't' }, ifNotExists: true },
    { kind: 'drops index', index: { schema: null, name: 't_b_index' }, ifExists: false },
  ]);
});

test.each([
  [INDEX, { kind: 'creates index', index: 'i', table: { schema: null, name: 't' }, ifNotExists: false }],
  [
    'create unique index concurrently if not exists "I" on "S".t (a)',
    { kind: 'creates index', index: 'I', table: { schema: 'S', name: 't' }, ifNotExists: true },
  ],
  ['drop index concurrently i', { kind: 'drops index', index: { schema: null, name: 'i' }, ifExists: false }],
  [
    'drop index concurrently if exists s.i',
    { kind: 'drops index', index: { schema: 's', name: 'i' }, ifExists: true },
  ],
  [
    'reindex index concurrently i',
    { kind: 'rebuilds', what: 'index', relation: { schema: null, name: 'i' } },
  ],
  [
    'reindex (concurrently) table s.t',
    { kind: 'rebuilds', what: 'table', relation: { schema: 's', name: 't' } },
  ],
  ["select set_config('work_mem', '1GB', false)", { kind: 'reads' }],
  ['vacuum (analyze) t, u', { kind: 'repeatable' }],
  ['analyze t', { kind: 'repeatable' }],
  ['alter table t validate constraint c', { kind: 'repeatable' }],
  ["set maintenance_work_mem = '1GB'", { kind: 'repeatable' }],
  ['set role owner', { kind: 'repeatable' }],
  ['reset role', { kind: 'repeatable' }],
])('%s may run without a transaction', async (sql, effect) => {
  expect(statementsOf(await loadOne('1_a.sql', `-- no-transaction\n${sql}`))).toEqual([
    { sql, line: 2, column: 1, effect },
  ]);
});

const DEFINITION =
  'it may change what a veneer shows, and the veneer can follow only inside of a transaction';
const DATA =
  'outside of a transaction a change of data is not applied exactly once: after a crash it would run again';
const BLOCKING =
  'it blocks the application while it runs, and outside of a transaction no budget bounds that';
const BEYOND = 'it reaches beyond the tenant that it runs for';
const REWRITE = 'it rewrites the table and blocks everybody meanwhile, and no budget bounds for how long';

const REFUSED: readonly (readonly [string, string])[] = [
  ['alter table t add column b int', `alter table t add column b int: ${DEFINITION}`],
  ['alter table t validate constraint c, alter a type text', `: ${DEFINITION}`],
  ['create table u (a int)', `create table u (a int): ${DEFINITION}`],
  ['create table u as select 1', `: ${DEFINITION}`],
  ['drop table t', `drop table t: ${DEFINITION}`],
  ["alter type e add value 'x'", `: ${DEFINITION}`],
  ['alter index i rename to j', `: ${DEFINITION}`],
  ['alter table t detach partition p concurrently', `DETACH PARTITION CONCURRENTLY: ${DEFINITION}`],
  ['comment on table t is null', `: ${DEFINITION}`],
  ['insert into t values (1)', `insert into t values (1): ${DATA}`],
  ['update t set a = 1', `update t set a = 1: ${DATA}`],
  ['delete from t', `delete from t: ${DATA}`],
  ['truncate t', `truncate t: ${DATA}`],
  ["copy t from '/tmp/t'", `: ${DATA}`],
  ['with a as (delete from t returning 1) select * from a', `: ${DATA}`],
  ['select 1 into u', `select 1 into u: ${DATA}`],
  ['do $$ begin commit; end $$', 'do $$ begin commit; end $$: what it does cannot be seen beforehand'],
  ['call p()', 'call p(): what it does cannot be seen beforehand'],
  ['explain analyze delete from t', `: ${DEFINITION}`],
  ['begin', 'begin: a migration without a transaction has none to begin'],
  ['savepoint a', 'savepoint a: a migration without a transaction has none'],
  ['create index concurrently on t (a)', 'CREATE INDEX CONCURRENTLY without a name: '],
  ['create index i on t (a)', `CREATE INDEX without CONCURRENTLY: ${BLOCKING}`],
  ['drop index i', `DROP INDEX without CONCURRENTLY: ${BLOCKING}`],
  [
    'drop index concurrently i, j',
    'DROP INDEX CONCURRENTLY of several indexes: PostgreSQL drops one at a time',
  ],
  ['reindex table t', `REINDEX without CONCURRENTLY: ${BLOCKING}`],
  ['reindex (concurrently false) table t', `REINDEX without CONCURRENTLY: ${BLOCKING}`],
  ['reindex schema concurrently s', `REINDEX of a schema or database: ${BEYOND}`],
  ['vacuum', `VACUUM or ANALYZE of all tables: ${BEYOND}`],
  ['analyze', `VACUUM or ANALYZE of all tables: ${BEYOND}`],
  ['vacuum full t', `VACUUM FULL: ${REWRITE}`],
  ['vacuum (analyze, full) t', `VACUUM FULL: ${REWRITE}`],
  ['cluster t using i', `CLUSTER: ${REWRITE}`],
  ['set search_path to s', 'set search_path to s: names are looked up in the tenant alone'],
  ['set local work_mem to 1', 'set local work_mem to 1: outside of a transaction it sets nothing'],
  ['reset all', 'reset all: outside of a transaction it sets nothing, or too much'],
  ['set transaction read only', 'set transaction read only: outside of a transaction it sets nothing'],
  ['create database d', `create database d: ${BEYOND}`],
  ["alter system set work_mem = '1MB'", `: ${BEYOND}`],
  ['discard all', `discard all: ${BEYOND}`],
];

test.each(REFUSED)('%s is refused behind the marker, with its place and what to do', async (sql, message) => {
  const error = await loadError({ '1_a.sql': `-- no-transaction\n${INDEX};\n\n${sql};` });
  expect(error.message).toContain(message);
  expect(error.facts).toMatchObject({
    exitCode: 20,
    where: { file: 'migrations/1_a.sql', line: 4, column: 1 },
    hint: expect.stringMatching(/\w/),
  });
});

test('all that is wrong is told together', async () => {
  const error = await loadError({ '1_a.sql': '-- no-transaction\ndrop table t;\nvacuum full t;' });
  expect(error.message).toBe('2 problems in the migrations');
});

test('a long statement is shortened in the message', async () => {
  const error = await loadError({ '1_a.sql': `-- no-transaction\ncreate table t (${'a'.repeat(60)} int)` });
  expect(error.message).toMatch(/^create table t \(a{44}…: it may change/);
});

test('a file that is too large to be parsed is refused behind the marker', async () => {
  const error = await loadError({ '1_a.sql': `-- no-transaction\nselect '${'x'.repeat(PARSE_LIMIT)}'` });
  expect(error.message).toBe('it is larger than 2 MB: what is not parsed cannot run without a transaction');
});

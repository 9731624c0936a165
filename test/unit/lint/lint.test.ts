import { expect, test } from '@jest/globals';
import { lintFolder } from './lint-folder.js';

const DOWN = ';\n-- Down Migration\nSELECT 1';

const FINE = { '1_a.sql': `SELECT 1${DOWN}` };

test('migrations of which there is nothing to say are clean', async () => {
  expect(await lintFolder(FINE)).toMatchObject({ exitCode: 0, next: null, findings: [], problems: [] });
});

test('all that up refuses is told at once, each with its place, and so is a part that down refuses', async () => {
  const { problems, exitCode, next } = await lintFolder({
    '1_a.sql': 'SELECT 1;\nCOMMIT',
    '1_b.sql': 'CREATE INDEX CONCURRENTLY i ON t (a)',
    '2_c.sql': '-- no-transaction\nDELETE FROM t',
    '3_d.sql': 'SELECT 1;\n-- Down Migration\nnonsense',
    'books.sql': 'SELECT 1',
    '001_a.sql': 'SELECT 1',
    'later/4_x.sql': 'SELECT 1',
  });
  expect(problems.map(({ where, message }) => [where?.file, where?.line, message.slice(0, 24)])).toEqual([
    ['migrations/later', undefined, 'this folder is not read,'],
    ['migrations/books.sql', undefined, 'its name does not begin '],
    ['migrations/1_a.sql', undefined, 'migrations/001_a.sql and'],
    ['migrations/1_a.sql', 2, 'COMMIT: a migration runs'],
    ['migrations/1_b.sql', 1, 'CREATE INDEX CONCURRENTL'],
    ['migrations/2_c.sql', 2, 'DELETE FROM t: outside o'],
    ['migrations/3_d.sql', 3, 'syntax error at or near '],
  ]);
  expect([exitCode, next]).toEqual([20, 'migrate lint']);
});

test('a warning, or what is unknown, fails only where that is asked', async () => {
  const files = { '1_a.sql': `DROP TABLE t${DOWN}` };
  const unknown = { '1_a.sql': `DO $$BEGIN END$$${DOWN}` };
  expect((await lintFolder(files)).exitCode).toBe(0);
  expect(await lintFolder(files, { failOn: 'warning', typed: 'migrate lint x' })).toMatchObject({
    exitCode: 20,
    next: 'migrate lint x',
  });
  expect((await lintFolder(unknown, { failOn: 'warning' })).exitCode).toBe(0);
  expect((await lintFolder(unknown, { failOn: 'unknown' })).exitCode).toBe(20);
});

test('no way down is a note, which never fails; bases and repeatables need none', async () => {
  const { findings, exitCode } = await lintFolder(
    {
      '1_a.sql': 'SELECT 1',
      '2_b.js': 'export const up = (pgm) => pgm.sql("SELECT 1"); export const down = false;',
      '3_c.js': 'export const up = (pgm) => pgm.dropIndex("t", "a");',
      'B__2_b.sql': 'SELECT 1',
      'R__r.sql': 'SELECT 1',
    },
    { failOn: 'unknown' },
  );
  expect(findings.map(({ level, rule, migration }) => [level, rule, migration])).toEqual([
    ['note', 'no way down', '1_a'],
    ['note', 'no way down', '2_b'],
    ['note', 'no way down', '3_c'],
  ]);
  expect(exitCode).toBe(0);
});

test('a date that runs before an earlier one is told', async () => {
  const { findings } = await lintFolder({
    '20260105090000_a.sql': `SELECT 1${DOWN}`,
    '20260301090000000_b.sql': `SELECT 1${DOWN}`,
    '1_c.sql': `SELECT 1${DOWN}`,
  });
  expect(findings.map(({ rule, migration, text }) => [rule, migration, text])).toEqual([
    ['order', '20260301090000000_b', 'runs before 20260105090000_a, though its date is later'],
  ]);
});

test('one that asks the database is unknown, and a backfill goes in batches', async () => {
  const { findings, migrations } = await lintFolder({
    '1_a.js':
      'export const up = async (pgm) => { await pgm.db.query("SELECT 1"); }; export const down = () => {};',
    '2_b.js': `import { backfill } from 'pg-veneer';
      export const up = (pgm) => backfill(pgm, { table: 't', set: { a: '1' } }); export const down = () => {};`,
  });
  expect(findings.map(({ level, rule, migration, sql }) => [level, rule, migration, sql])).toEqual([
    ['unknown', 'unseen', '1_a', null],
  ]);
  expect(migrations.map(({ statements, transaction }) => [statements?.length ?? null, transaction])).toEqual([
    [null, 'step'],
    [1, 'none'],
  ]);
});

test('what a base changes is used by nobody', async () => {
  const { findings, migrations } = await lintFolder({ ...FINE, 'B__1_a.sql': 'UPDATE t SET a = 1' });
  expect(findings).toEqual([]);
  expect(migrations.map(({ migration }) => migration)).toEqual(['B__1_a', '1_a']);
});

const MANY = {
  '1_a.sql': `DROP TABLE t${DOWN}`,
  '2_b.up.sql': 'DROP TABLE t',
  '2_b.down.sql': 'SELECT 1',
  'shard/3_c.sql': `DROP TABLE t${DOWN}`,
  '4_d.sql': 'nonsense',
};

test.each([
  [['1_a'], ['1_a']],
  [
    ['migrations/1_a.sql', 'shard/3_c'],
    ['1_a', 'shard/3_c'],
  ],
  [['migrations/2_b.down.sql'], ['2_b']],
  [['./migrations/shard/../1_a.sql'], ['1_a']],
  [['migrations/*.sql'], ['1_a', '2_b', 'shard/3_c']],
  [['?_?'], ['1_a', '2_b']],
])('%j means %j', async (names, expected) => {
  const { findings, migrations } = await lintFolder(MANY, { names });
  expect(migrations.map(({ migration }) => migration)).toEqual(expected);
  expect(findings.map(({ migration }) => migration)).toEqual(expected);
});

test('what is wrong with others than those that were asked about is a notice', async () => {
  expect(await lintFolder(MANY, { names: ['1_a'] })).toMatchObject({
    problems: [],
    exitCode: 0,
    notices: ['other migrations have 1 problem, for which up refuses all: migrate lint'],
  });
  expect(await lintFolder(MANY, { names: ['4_d'] })).toMatchObject({
    problems: [{}],
    notices: [],
    exitCode: 20,
  });
});

test('a script that cannot be loaded is told once, and not by each of its directions', async () => {
  const { problems } = await lintFolder({ '1_a.js': 'export const up = (', '2_b.ts': 'export const x = 1;' });
  expect(problems.map(({ where }) => where?.file)).toEqual(['migrations/1_a.js', 'migrations/2_b.ts']);
});

test('a name that means nothing is refused', async () => {
  await expect(lintFolder(MANY, { names: ['1_b'] })).rejects.toMatchObject({
    message: 'no migration is called 1_b; did you mean 1_a?',
    facts: { exitCode: 64 },
  });
});

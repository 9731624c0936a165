import { expect, test } from '@jest/globals';
import { load, loadError, loadOne, sqlOf, statementsOf } from './folder.js';

const SPLIT: readonly (readonly [string, string, readonly (readonly [string, number, number])[]])[] = [
  [
    'each statement has the line where it begins',
    'select 1;\n\nselect\n  2;\nselect 3',
    [
      ['select 1', 1, 1],
      ['select\n  2', 3, 1],
      ['select 3', 5, 1],
    ],
  ],
  [
    'comments above a statement count as lines, and are left out',
    '-- ä\n/* x\n*/ select 1;\n-- end\n',
    [['select 1', 3, 4]],
  ],
  [
    'two statements on one line have columns, in characters',
    "select '😀é'; select 2;",
    [
      ["select '😀é'", 1, 1],
      ['select 2', 1, 14],
    ],
  ],
  ['empty statements are passed over', ';;select 1;;', [['select 1', 1, 3]]],
  [
    'line endings of Windows count once',
    '\r\nselect 1;\r\nselect 2;\r\n',
    [
      ['select 1', 2, 1],
      ['select 2', 3, 1],
    ],
  ],
  [
    'line endings of old Macs count too',
    '\rselect 1;\rselect 2',
    [
      ['select 1', 2, 1],
      ['select 2', 3, 1],
    ],
  ],
  ['a byte order mark is no text', '\uFEFFselect 1', [['select 1', 1, 1]]],
  [
    'a BEGIN ATOMIC body is one statement',
    'create function f() returns int begin atomic select 1; select 2; end;\nselect 3',
    [
      ['create function f() returns int begin atomic select 1; select 2; end', 1, 1],
      ['select 3', 2, 1],
    ],
  ],
  [
    'COMMIT inside a DO body is text to the parser',
    'do $$ begin commit; end $$; select 1',
    [
      ['do $$ begin commit; end $$', 1, 1],
      ['select 1', 1, 29],
    ],
  ],
  [
    'savepoints of its own are allowed',
    'savepoint a; rollback to a; release a',
    [
      ['savepoint a', 1, 1],
      ['rollback to a', 1, 14],
      ['release a', 1, 29],
    ],
  ],
  [
    'only the up part runs',
    '-- c\n-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;',
    [['select 1', 3, 1]],
  ],
  [
    'the down part may come first',
    '-- Down Migration\nselect 2;\n-- Up Migration\nselect 1;',
    [['select 1', 4, 1]],
  ],
  [
    'without an up comment all above the down comment is up',
    'select 1;\n-- Down Migration\ndrop table a',
    [['select 1', 1, 1]],
  ],
  [
    'the down comment in a $$ body is text',
    'do $$\n-- Down Migration\n$$;\nselect 1',
    [
      ['do $$\n-- Down Migration\n$$', 1, 1],
      ['select 1', 4, 1],
    ],
  ],
];

test.each(SPLIT)('%s', async (_, sql, expected) => {
  const statements = statementsOf(await loadOne('1_a.sql', sql));
  expect(statements.map(({ sql, line, column }) => [sql, line, column])).toEqual(expected);
});

test('an outermost BEGIN … COMMIT pair is dropped with a notice', async () => {
  const migration = await loadOne('1_a.sql', 'begin;\nselect 1;\nend;');
  expect(sqlOf(migration)).toEqual(['select 1']);
  expect(migration.notices).toEqual([
    'its outermost BEGIN … COMMIT was left out: a step has a transaction of its own',
  ]);
});

test.each([
  ['an empty file', ''],
  ['a file of comments', '-- nothing\n/* here */'],
  ['an empty up part', '-- Up Migration\n-- Down Migration\ndrop table a;'],
])('%s has no statements, and says so', async (_, sql) => {
  const migration = await loadOne('1_a.sql', sql);
  expect(sqlOf(migration)).toEqual([]);
  expect(migration.notices).toEqual([
    'it holds no statement: it will be recorded as applied, and change nothing; what is written into it after that is refused',
  ]);
});

test('a .down.sql belongs to its .up.sql and is not run', async () => {
  const migrations = await load({ '1_a.up.sql': 'select 1', '1_a.down.sql': 'select 2 form' });
  expect(migrations.map(({ name, file }) => [name, file])).toEqual([['1_a', 'migrations/1_a.up.sql']]);
  expect(sqlOf(migrations[0]!)).toEqual(['select 1']);
});

test('a syntax error has file, line, column, the message of PostgreSQL and a caret', async () => {
  const error = await loadError({ '1_a.sql': "-- é\nselect 1;\n  select '€😀' form x y;\n" });
  expect(error.message).toBe('syntax error at or near "x"');
  expect(error.facts).toMatchObject({
    exitCode: 20,
    where: { migration: '1_a', file: 'migrations/1_a.sql', line: 3, column: 20 },
    detail: "3 |   select '€😀' form x y;\n                       ^",
  });
});

test('a syntax error below an up comment has the line of the file', async () => {
  const error = await loadError({
    '1_a.sql': '\r\n-- Up Migration\r\nselect 1 form x y;\r\n-- Down Migration\r\n',
  });
  expect(error.facts.where).toMatchObject({ line: 3, column: 15 });
});

test.each([
  [
    'an unterminated string',
    "select 'a",
    'unterminated quoted string at or near "\'a"',
    { line: 1, column: 8 },
  ],
  [
    'an unterminated body',
    'select 1;\ndo $$ a',
    'unterminated dollar-quoted string at or near "$$ a"',
    { line: 2, column: 4 },
  ],
  [
    'an unfinished statement',
    'select 1;\nselect (\n\n',
    'syntax error at end of input',
    { line: 2, column: 9 },
  ],
])('%s is a syntax error with its place', async (_, sql, message, where) => {
  const error = await loadError({ '1_a.sql': sql });
  expect(error.message).toBe(message);
  expect(error.facts.where).toMatchObject(where);
});

test.each([
  ['a psql command', 'select 1;\n\\i other.sql\n', /command of psql/],
  ['data of COPY from stdin', 'copy a from stdin;\n1\t2\n\\.\n', /INSERT … VALUES/],
])('%s is refused with what to write instead', async (_, sql, hint) => {
  const error = await loadError({ '1_a.sql': sql });
  expect(error.facts.where).toMatchObject({ line: 2, column: 1 });
  expect(error.facts.hint).toMatch(hint);
});

test.each([
  [
    'two up comments',
    '-- Up Migration\nselect 1;\n-- up migration, again\n',
    'a second "-- up migration" in one file',
    3,
  ],
  [
    'SQL above the up comment',
    'select 1;\n-- Up Migration\n',
    'SQL above "-- up migration" belongs to no direction',
    2,
  ],
])('%s: refused', async (_, sql, message, line) => {
  const error = await loadError({ '1_a.sql': sql });
  expect(error.message).toBe(message);
  expect(error.facts.where).toMatchObject({ line });
});

test.each([
  ['holds a NUL character', 'select 1\0; select 2', 'the file holds a NUL character'],
  ['is not UTF-8', new Uint8Array([0x27, 0xe4, 0x27]), 'the file is not UTF-8 text'],
])('a file that %s is refused', async (_, content, message) => {
  expect((await loadError({ '1_a.sql': content })).message).toBe(message);
});

const LARGE = `insert into a values ('${'x; commit; '.repeat(200_000)}');\n`;

test('a file above 2 MB stays one statement, with a notice', async () => {
  const migration = await loadOne('1_a.sql', `-- Up Migration\n${LARGE}-- Down Migration\ndelete from a;`);
  expect(statementsOf(migration)).toEqual([{ sql: `-- Up Migration\n${LARGE}`, line: 1 }]);
  expect(migration.notices).toEqual([
    'it is larger than 2 MB: it was not parsed, and is sent to PostgreSQL as a whole',
  ]);
});

test.each(['COMMIT', 'BEGIN', 'END', 'ROLLBACK'])('a file above 2 MB with %s is refused', async (command) => {
  const error = await loadError({ '1_a.sql': `${LARGE}${command};\nselect 1;` });
  expect(error.message).toBe(
    `${command}: a migration runs inside one transaction, and may not begin or end one`,
  );
});

import { expect, test } from '@jest/globals';
import { sectionOf } from '../../../src/migrations/files/sections.js';

const MARK = '\n-- Down Migration\n';

test.each([
  ['a dollar-quoted body', `do $$${MARK}$$;`],
  ['a body with a tag', `do $a1$ $$ $b$${MARK}$a1$;`],
  ['a string', `select 'it''s${MARK}';`],
  ['a string with escapes', String.raw`select E'\'` + `${MARK}';`],
  ['a quoted name', `select 1 as "a${MARK}";`],
  ['a block comment', `/* /* */${MARK}*/ select 1;`],
  ['a string behind a name that ends in e', `select date'${MARK}';`],
])('a down comment inside %s is text', (_, sql) => {
  expect(sectionOf(sql, 'down', 'a.sql')).toBeNull();
  expect(sectionOf(`${sql}${MARK}drop`, 'up', 'a.sql')?.text).toBe(`${sql}\n`);
  expect(sectionOf(`${sql}${MARK}drop`, 'down', 'a.sql')?.text).toBe('-- Down Migration\ndrop');
});

test.each([
  ['no blank', '--down migration'],
  ['dashes and capitals', '  ----- DOWN  MIGRATION: gone'],
  ['a tab before it', '\t-- Down Migration'],
])('a down comment may have %s', (_, mark) => {
  expect(sectionOf(`a\n${mark}\nb`, 'down', 'a.sql')).toEqual({ text: `${mark.trimStart()}\nb`, line: 2 });
});

test.each([
  ['behind code on its line', 'select 1; -- Down Migration\n'],
  ['with other words first', '-- the Down Migration\n'],
])('a comment %s is no mark', (_, sql) => {
  expect(sectionOf(sql, 'up', 'a.sql')).toEqual({ text: sql, line: 1 });
});

test.each([
  ['a backslash in a plain string', String.raw`select '\';`],
  ['a backslash in a string behind a name that ends in e', String.raw`select date'\';`],
  ['dollars in a name', 'select a$b$ from c;'],
  ['a dollar in a parameter', 'select $1$ from c;'],
])('%s hides nothing', (_, sql) => {
  expect(sectionOf(`${sql}${MARK}`, 'down', 'a.sql')).not.toBeNull();
});

test('a verify part begins at a line that says so and nothing else, wherever it stands', () => {
  const sql = 'a\n-- Verify\nb\n-- Down Migration\nc';
  expect(sectionOf(sql, 'up', 'a.sql')).toEqual({ text: 'a\n', line: 1 });
  expect(sectionOf(sql, 'verify', 'a.sql')).toEqual({ text: '-- Verify\nb\n', line: 2 });
  expect(sectionOf(sql, 'down', 'a.sql')).toEqual({ text: '-- Down Migration\nc', line: 4 });
  const last = '-- Up Migration\na\n-- Down Migration\nc\n  --verify  \nb';
  expect(sectionOf(last, 'verify', 'a.sql')?.text).toBe('--verify  \nb');
  expect(sectionOf(last, 'down', 'a.sql')?.text).toBe('-- Down Migration\nc\n  ');
  expect(sectionOf('a; -- verify\n-- verify that b\n-- verified', 'verify', 'a.sql')).toBeNull();
});

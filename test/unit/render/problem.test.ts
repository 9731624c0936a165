import { expect, test } from '@jest/globals';
import { problemLines, whereText } from '../../../src/render/blocks/problem.js';
import { PLAIN, styleFor } from '../../../src/render/blocks/style.js';
import { FAILURE } from './samples.js';

test('a problem says what, where, what PostgreSQL added, what to do', () => {
  expect(problemLines(FAILURE, PLAIN)).toEqual([
    'error: relation "books" already exists [42P07]',
    '  at shard2 · tenant cyberdyne · migrations/20260102_books.sql:12:8',
    '  detail: statement: CREATE TABLE books (id int)',
    '  hint: drop it, or take it out of the migration',
  ]);
});

test('what is not known is left out', () => {
  expect(problemLines({ message: 'no', exitCode: 1, where: {}, detail: '' }, PLAIN)).toEqual(['error: no']);
  expect(whereText({ file: 'a.sql', column: 3 })).toBe('a.sql');
  expect(whereText({ member: 'shard1', migration: '20260101_authors' })).toBe('shard1 · 20260101_authors');
});

test('further lines are indented', () => {
  expect(problemLines({ message: 'two problems:\nfirst', exitCode: 78, detail: 'a\nb\n' }, PLAIN)).toEqual([
    'error: two problems:',
    '  first',
    '  detail: a',
    '    b',
  ]);
});

test('a url, which holds a password, is never printed', () => {
  const message = "cannot parse 'postgres://admin:geheim@host/db' or postgresql://a:geheim@b";
  const text = problemLines({ message, exitCode: 1, detail: 'at POSTGRES://u:geheim@h' }, PLAIN).join('\n');
  expect(text).not.toContain('geheim');
  expect(text).toContain("cannot parse 'postgres://***' or postgresql://***");
});

test('control characters of a name do not reach the terminal, and a name cannot make a line', () => {
  const lines = problemLines(
    { message: 'x\u001B[2Jy', exitCode: 1, where: { tenant: 'a\nerror: b\u009B' } },
    PLAIN,
  );
  expect(lines).toEqual([String.raw`error: x\u001b[2Jy`, String.raw`  at tenant a\nerror: b\u009b`]);
});

test('colours only where they are wanted', () => {
  expect(problemLines({ message: 'no', exitCode: 1 }, styleFor(true))[0]).toContain('\u001B[31merror:');
  expect(problemLines({ message: 'no', exitCode: 1 }, styleFor(false))[0]).toBe('error: no');
});

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadMigrations } from '../../../src/migrations/load.js';
import { sqlOf } from './folder.js';

const projectRoot = process.cwd();
const dir = join(projectRoot, 'migrations');

test('the bookstore compiles whole, without a notice', async () => {
  const migrations = await loadMigrations(dir, { projectRoot });
  expect(migrations.map(({ name }) => name)).toEqual([
    '20260105090000000_create-authors',
    '20260105093000000_create-books',
    '20260106080000000_insert-authors',
    '20260106083000000_insert-books',
  ]);
  expect(migrations.flatMap(({ notices }) => notices)).toEqual([]);
  expect(migrations.map((migration) => sqlOf(migration).length)).toEqual([1, 1, 1, 1]);
});

test('the bookstore shows SQL, TypeScript and JavaScript', async () => {
  const endings = (await readdir(dir)).map((name) => name.split('.').at(-1));
  expect(new Set(endings)).toEqual(new Set(['sql', 'ts', 'js']));
});

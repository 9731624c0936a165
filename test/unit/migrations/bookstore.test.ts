import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadMigrations } from '../../../src/migrations/load/load.js';
import { BOOKSTORE_MIGRATIONS, copyBookstore } from '../../../src/sandbox/bookstore-project.js';
import { sqlOf } from './folder.js';

const projectRoot = process.cwd();
const dir = join(projectRoot, 'migrations');

/** What `work` finds in a copy of a project. */
async function inCopy<T>(from: string, work: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'pg-veneer-copy-'));
  try {
    await copyBookstore(from, copy);
    return await work(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

test('the bookstore compiles whole, without a notice', async () => {
  const all = await loadMigrations(dir, { projectRoot });
  const migrations = all.filter(({ file }) => BOOKSTORE_MIGRATIONS.includes(file.split('/').at(-1) ?? ''));
  expect(migrations.map(({ name }) => name)).toEqual([
    '20260105090000000_create-authors',
    '20260105093000000_create-books',
    '20260106080000000_insert-authors',
    '20260106083000000_insert-books',
  ]);
  expect(migrations.flatMap(({ notices }) => notices)).toEqual([]);
  expect(migrations.map((migration) => sqlOf(migration).length)).toEqual([1, 1, 1, 1]);
});

test('the demo and the example take the migrations of the bookstore alone, whatever stands beside them', async () => {
  const files = await inCopy(projectRoot, async (project) => {
    await mkdir(join(project, 'migrations', 'veneer'));
    await writeFile(
      join(project, 'migrations', '20270101000000000_add-isbn.sql'),
      'ALTER TABLE books ADD isbn text',
    );
    return inCopy(project, (copy) => readdir(join(copy, 'migrations')));
  });
  expect(files.toSorted()).toEqual(BOOKSTORE_MIGRATIONS);
});

test('the bookstore shows SQL, TypeScript and JavaScript', async () => {
  const endings = (await readdir(dir)).map((name) => name.split('.').at(-1));
  expect(new Set(endings)).toEqual(new Set(['sql', 'ts', 'js']));
});

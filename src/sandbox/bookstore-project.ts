import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The sample fleet's own migrations: whoever tries `migrate create` has others beside them, and no story knows of those. */
export const BOOKSTORE_MIGRATIONS: readonly string[] = [
  '20260105090000000_create-authors.sql',
  '20260105093000000_create-books.ts',
  '20260106080000000_insert-authors.sql',
  '20260106083000000_insert-books.js',
];

/** Copies these files of a project's migrations, with their names, into another project. */
export async function copyMigrations(from: string, to: string, files: readonly string[]): Promise<void> {
  const folder = join(to, 'migrations');
  await mkdir(folder, { recursive: true });
  for (const file of files) await cp(join(from, 'migrations', file), join(folder, file));
}

/** Copies shards.yaml and the sample's own migrations. */
export async function copyBookstore(from: string, to: string): Promise<void> {
  await copyMigrations(from, to, BOOKSTORE_MIGRATIONS);
  await cp(join(from, 'shards.yaml'), join(to, 'shards.yaml'));
}

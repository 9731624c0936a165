import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { VeneerError } from '../../../src/errors.js';
import { loadMigrations } from '../../../src/migrations/load/load.js';
import { targetOf, type Target } from '../../../src/target.js';
import type { Migration, MigrationDb, Statement } from '../../../src/migrations/migration.js';

/** Files of a folder of migrations: their names and texts (or bytes). */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes the files into `migrations/` of a fresh project, calls `fn`, and removes all of it. */
export async function withFolder<T>(
  files: Files,
  fn: (dir: string, projectRoot: string) => Promise<T>,
): Promise<T> {
  const projectRoot = await mkdtemp(join(tmpdir(), 'pg-veneer-migrations-'));
  try {
    const dir = join(projectRoot, 'migrations');
    await mkdir(dir);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), content);
    }
    return await fn(dir, projectRoot);
  } finally {
    await rm(projectRoot, { recursive: true });
  }
}

export function load(files: Files): Promise<readonly Migration[]> {
  return withFolder(files, (dir, projectRoot) => loadMigrations(dir, { projectRoot }));
}

/** The error of a folder that must not load. */
export async function loadError(files: Files): Promise<VeneerError> {
  const outcome = await load(files).catch((error: unknown) => error);
  if (outcome instanceof VeneerError) return outcome;
  throw outcome instanceof Error
    ? outcome
    : new Error('these migrations loaded, but should have been refused');
}

export async function loadOne(name: string, content: string | Uint8Array): Promise<Migration> {
  const [migration] = await load({ [name]: content });
  if (migration === undefined) throw new Error(`${name} was passed over`);
  return migration;
}

export function statementsOf(migration: Migration): readonly Statement[] {
  if (migration.body.kind !== 'static') throw new Error(`${migration.name} is dynamic`);
  return migration.body.statements;
}

export const sqlOf = (migration: Migration): readonly string[] =>
  statementsOf(migration).map(({ sql }) => sql);

/** Builds a dynamic migration with a database that gives these rows to every query. */
export async function build(
  migration: Migration,
  query: MigrationDb['query'],
  target: Target = targetOf({ scope: 'tenant', tenant: 't', schema: 't', shard: 's' }),
): Promise<readonly string[]> {
  if (migration.body.kind !== 'dynamic') throw new Error(`${migration.name} is static`);
  return (await migration.body.build({ query }, target)).map(({ sql }) => sql);
}

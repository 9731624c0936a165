import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';

/**
 * The names of all files that are or belong to a migration, of every scope, whatever else may be wrong with them; none
 * where the folder does not exist yet. Throws (exit 20) where a folder cannot be read.
 */
export async function existingNames(dir: string): Promise<string[]> {
  const folders = [dir, ...['tenant', 'shard', 'veneer'].map((scope) => path.join(dir, scope))];
  const names = await Promise.all(folders.map(list));
  return names.flat().flatMap((base) => {
    const [, name] = /^([^.].*?)(?:\.(?:up|down))?\.(?:sql|[cm]?[jt]s)$/i.exec(base) ?? [];
    return name === undefined ? [] : [name];
  });
}

async function list(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: unknown) => {
    if (fieldOf(error, 'code') === 'ENOENT') return [];
    throw new VeneerError(`the folder of migrations cannot be read: ${textOf(error)}`, {
      exitCode: EXIT.failed,
      where: { file: dir },
      hint: 'check its rights, and `migrations` in shards.yaml',
      cause: error,
    });
  });
}

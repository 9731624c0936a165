import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file of this package by its path from the package's folder: the nearest above this module that has a package.json. Modules
 * find each other's files by it, not by where they are themselves: they run from src, from dist, and bundled.
 */
export const packageFile = (...path: readonly string[]): string =>
  join(rootAbove(dirname(fileURLToPath(import.meta.url))), ...path);

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder)
    throw new Error('pg-veneer runs from a folder that is no package: its package.json is missing');
  return rootAbove(above);
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean } from '../../config/text/nearest.js';
import type { Problem } from '../../errors.js';
import { migrationProblem } from '../migration-problems.js';
import { SCOPES } from '../migration.js';

/** Folders in a folder of migrations that nobody reads. */
export interface UnreadFolders {
  readonly dir: string;
  readonly folders: readonly string[];
  /** Is a file named like a migration? */
  readonly isNamed: (file: string) => boolean;
  /** The path of a folder for messages. */
  readonly label: (folder: string) => string;
}

/** Those with files named like migrations, at any depth: they would be passed over in silence. Others may hold what migrations import. */
export async function unreadFolders({ dir, folders, isNamed, label }: UnreadFolders): Promise<Problem[]> {
  const found = await Promise.all(
    folders.filter(isLookedAt).map(async (folder) => {
      const files = (await filesBelow(join(dir, folder))).filter(isNamed).toSorted();
      return files.length === 0 ? [] : [unreadProblem(folder, label(folder), files)];
    }),
  );
  return found.flat();
}

const isLookedAt = (name: string): boolean => !name.startsWith('.') && name !== 'node_modules';

/** Names without their folders; links are not followed. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries
      .filter(({ name }) => isLookedAt(name))
      .map(async (entry) => (entry.isDirectory() ? filesBelow(join(dir, entry.name)) : [entry.name])),
  );
  return below.flat();
}

function unreadProblem(folder: string, file: string, [first = '', ...more]: readonly string[]): Problem {
  const files = more.length === 0 ? first : `${first} and ${more.length} more`;
  return migrationProblem(
    `this folder is not read, and holds files named like migrations: ${files}${didYouMean(folder, SCOPES)}`,
    { file },
    {
      hint: 'migrations for tenants stand directly in the folder of migrations, others in its folders shard and veneer; give files that are none names without a number in front',
    },
  );
}

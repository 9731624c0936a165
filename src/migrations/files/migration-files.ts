import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { EXIT, textOf, VeneerError, type Problem } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import { basedOn, compareNames, isRepeatable, orderKey, orderOf } from '../migration-names.js';
import { migrationProblem } from '../migration-problems.js';
import { SCOPES, type Scope } from '../migration.js';
import { unreadFolders } from './unread-folders.js';

/** A file that holds the up part of a migration. */
export interface MigrationFile {
  readonly name: string;
  readonly scope: Scope;
  /** Absolute path. */
  readonly path: string;
  /** Path for messages, relative to the project, with forward slashes. */
  readonly file: string;
  readonly language: 'sql' | 'script';
}

/** The migrations of a folder in their order, and what is wrong with the names in it. */
export interface FoundFiles {
  readonly files: readonly MigrationFile[];
  /** Those of tenants; in no order. */
  readonly bases: readonly MigrationFile[];
  readonly problems: readonly Problem[];
}

/**
 * Lists a folder of migrations, those for tenants, with its folders `shard` and `veneer`, in one order; opens none. A
 * `.down.sql` belongs to its `.up.sql`; hidden files, type declarations and other endings are passed over, and folders without
 * files that are named like migrations. Throws
 * (exit 20) where a folder cannot be read.
 */
export async function findMigrationFiles(dir: string, projectRoot: string): Promise<FoundFiles> {
  const { folders } = await list(dir, relative(projectRoot, dir));
  const scopes = SCOPES.filter((scope) => scope === 'tenant' || folders.includes(scope));
  const found = await Promise.all(scopes.map((scope) => findOfScope(dir, scope, projectRoot)));
  const files = found.flatMap((one) => one.files);
  // A folder of this name would be passed over, and its migrations with it.
  const misplaced = folders.includes('tenant')
    ? [tenantProblem(relative(projectRoot, join(dir, 'tenant')))]
    : [];
  return {
    files: files.toSorted(compareMigrations),
    bases: found.flatMap((one) => one.bases),
    problems: [...misplaced, ...found.flatMap((one) => one.problems)],
  };
}

async function findOfScope(root: string, scope: Scope, projectRoot: string): Promise<FoundFiles> {
  const dir = scope === 'tenant' ? root : join(root, scope);
  const label = (name: string): string => relative(projectRoot, join(dir, name)).split(sep).join('/');
  const { names, folders } = await list(dir, label(''));
  const all = names.flatMap((file): MigrationFile[] => {
    const kind = kindOf(file);
    return kind === null ? [] : [{ ...kind, scope, path: join(dir, file), file: label(file) }];
  });
  const bases = all.filter(({ name }) => basedOn(name) !== null);
  const sorted = all.filter((file) => !bases.includes(file)).toSorted(compareMigrations);
  const isScope = (folder: string): boolean => scope === 'tenant' && SCOPES.some((one) => one === folder);
  const unread = folders.filter((folder) => !isScope(folder));
  const problems = [
    ...(await unreadFolders({ dir, folders: unread, isNamed, label })),
    ...orphans(names).map((name) => orphanProblem(label(name))),
    ...sorted.filter(({ name }) => orderOf(name) === null && !isRepeatable(name)).map(unnumberedProblem),
    ...clashes(sorted),
    ...clashes(bases),
    ...(scope === 'tenant' ? [] : bases.map(misplacedBase)),
  ];
  return { files: sorted, bases, problems };
}

/** One order over all scopes, by name; of one name shard, tenant, veneer. */
const compareMigrations = (a: Ordered, b: Ordered): number =>
  compareNames(a.name, b.name) || SCOPES.indexOf(a.scope) - SCOPES.indexOf(b.scope);

type Ordered = Pick<MigrationFile, 'name' | 'scope'>;

async function list(
  dir: string,
  label: string,
): Promise<{ names: readonly string[]; folders: readonly string[] }> {
  try {
    const names = (await readdir(dir)).filter((name) => !name.startsWith('.')).toSorted();
    const isFolder = await Promise.all(names.map((name) => isDirectory(join(dir, name))));
    return { names: names.filter((_, i) => !isFolder[i]), folders: names.filter((_, i) => isFolder[i]) };
  } catch (error) {
    throw unreadable(label, error);
  }
}

/** Follows links; one that leads nowhere counts as a file, so that reading it says what is wrong. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

function unreadable(label: string, error: unknown): VeneerError {
  const missing = fieldOf(error, 'code') === 'ENOENT';
  const text = missing
    ? 'the folder of migrations does not exist'
    : `the folder of migrations cannot be read: ${textOf(error)}`;
  const hint = missing
    ? 'create it, or correct `migrations` in shards.yaml'
    : 'check its rights, and `migrations` in shards.yaml';
  return new VeneerError(text, { exitCode: EXIT.failed, where: { file: label || '.' }, hint, cause: error });
}

function kindOf(base: string): Pick<MigrationFile, 'name' | 'language'> | null {
  if (/\.down\.sql$|\.d\.[cm]?ts$/i.test(base)) return null;
  const [, sqlName] = /^(.+?)(?:\.up)?\.sql$/i.exec(base) ?? [];
  if (sqlName !== undefined) return { name: sqlName, language: 'sql' };
  const [, name] = /^(.+)\.[cm]?[jt]s$/i.exec(base) ?? [];
  return name === undefined ? null : { name, language: 'script' };
}

/** Would it be a migration in a folder that is read? */
function isNamed(base: string): boolean {
  const { name } = kindOf(base) ?? {};
  return name !== undefined && (orderOf(name) !== null || isRepeatable(name) || basedOn(name) !== null);
}

/** `.down.sql` files without the `.up.sql` that they belong to. */
function orphans(names: readonly string[]): readonly string[] {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return names.filter(
    (name) => /\.down\.sql$/i.test(name) && !lower.has(name.toLowerCase().replace(/\.down\.sql$/, '.up.sql')),
  );
}

/** Later files that have the name of an earlier one, or a name that no order can tell from it. */
function clashes(sorted: readonly MigrationFile[]): readonly Problem[] {
  const seen = new Map<string, MigrationFile>();
  return sorted.flatMap((file) => {
    const key = orderKey(file.name);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [clashProblem(earlier, file)];
    seen.set(key, file);
    return [];
  });
}

function clashProblem(earlier: MigrationFile, file: MigrationFile): Problem {
  const why =
    earlier.name === file.name
      ? 'are two migrations with one name'
      : 'have the same number and the same text, so that neither comes first';
  const hint = 'rename or remove one of them';
  return migrationProblem(`${earlier.file} and ${file.file} ${why}`, { file: file.file }, { hint });
}

function unnumberedProblem({ file }: MigrationFile): Problem {
  return migrationProblem(
    'its name does not begin with a number or a valid date, so it has no place in the order',
    { file },
    {
      hint: 'name it like 20260105090000000_create-authors: UTC date and time with milliseconds, then what it does; or R__titles.sql, to run again whenever it changes',
    },
  );
}

const misplacedBase = ({ file, scope }: MigrationFile): Problem =>
  migrationProblem(
    `a base is for tenants, and not for a ${scope}`,
    { file },
    { hint: 'put it directly into the folder of migrations, or remove it' },
  );

function orphanProblem(file: string): Problem {
  return migrationProblem(
    'there is no .up.sql file that this .down.sql belongs to',
    { file },
    {
      hint: 'name both alike, or put both parts into one .sql file with "-- Up Migration" and "-- Down Migration"',
    },
  );
}

function tenantProblem(path: string): Problem {
  return migrationProblem(
    'migrations for tenants have no folder of their own',
    { file: path.split(sep).join('/') },
    {
      hint: 'put them directly into the folder of migrations; shard/ and veneer/ hold those of other scopes',
    },
  );
}

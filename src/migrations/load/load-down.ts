import { access } from 'node:fs/promises';
import type { ColumnDefinitions } from 'node-pg-migrate';
import type { Problem } from '../../errors.js';
import { compileScript } from './compile-script.js';
import { compileSql } from './compile-sql.js';
import { scriptLoader } from './load-script.js';
import { findMigrationFiles, type MigrationFile } from '../files/migration-files.js';
import { Irreversible, MigrationProblems, migrationProblem, migrationsError } from '../migration-problems.js';
import { labelOf, type Migration } from '../migration.js';
import { isMarkedNoTransaction } from '../sql/no-transaction-marker.js';
import { headOf, sectionOf, type Section } from '../files/sections.js';
import { readSource } from '../files/source-file.js';

/**
 * The same migrations with what takes them down in place of what they do, by what they were. A script without a `down`
 * is run in node-pg-migrate's reverse mode. Throws one VeneerError (exit 20) with every one that cannot be taken down.
 */
export async function loadDowns(
  dir: string,
  wanted: WantedDowns,
): Promise<ReadonlyMap<Migration, Migration>> {
  const { downs, irreversible, problems } = await readDowns(dir, wanted);
  const all = [...irreversible, ...problems];
  if (all.length > 0) throw migrationsError(all);
  return downs;
}

/** Whose downs are to be read. */
export interface WantedDowns {
  readonly projectRoot: string;
  readonly wanted: readonly Migration[];
}

export interface ReadDowns {
  /** By what they take down. */
  readonly downs: ReadonlyMap<Migration, Migration>;
  /** A problem for each that has no way down, whether its author wanted none or forgot it. */
  readonly irreversible: readonly Problem[];
  /** Of those whose way down cannot be compiled. */
  readonly problems: readonly Problem[];
}

/** The same for who tells them. */
export async function readDowns(dir: string, { projectRoot, wanted }: WantedDowns): Promise<ReadDowns> {
  const { files } = await findMigrationFiles(dir, projectRoot);
  const compile = downCompiler(projectRoot);
  const [irreversible, problems]: [Problem[], Problem[]] = [[], []];
  const downs = new Map<Migration, Migration>();
  for (const file of files) {
    const migration = wanted.find((one) => one.name === file.name && one.scope === file.scope);
    try {
      const down = await compile(file, migration !== undefined);
      if (migration !== undefined && down !== null) downs.set(migration, downOf(migration, down));
    } catch (error) {
      if (!(error instanceof MigrationProblems)) throw error;
      (error instanceof Irreversible ? irreversible : problems).push(
        ...error.problems.map((one) => ({ ...one, where: { migration: labelOf(file), ...one.where } })),
      );
    }
  }
  return { downs, irreversible, problems };
}

type Down = Pick<Migration, 'body' | 'transaction' | 'notices'>;

const downOf = ({ name, scope, file, checksum }: Migration, down: Down): Migration => ({
  name,
  scope,
  file,
  checksum,
  ...down,
});

/** Also goes over the scripts that are not wanted: shorthands that one exports hold for those after it. */
function downCompiler(projectRoot: string): (file: MigrationFile, isWanted: boolean) => Promise<Down | null> {
  let loader: ReturnType<typeof scriptLoader> | undefined;
  let shorthands: ColumnDefinitions = {};
  return async (file, isWanted) => {
    if (file.language === 'sql') return isWanted ? compileFile(file) : null;
    const load = await (loader ??= scriptLoader(projectRoot));
    const exported = await load(file, isWanted ? 'down' : 'up');
    shorthands = { ...shorthands, ...exported.shorthands };
    if (!isWanted) return null;
    return compileScript({ file, action: exported.action, mode: exported.mode, shorthands });
  };
}

async function compileFile(file: MigrationFile): Promise<Down> {
  const { section, label, head } = await downSection(file);
  if (section === null) throw new Irreversible([withoutDown(file)]);
  const marked = isMarkedNoTransaction(head) || isMarkedNoTransaction(section.text);
  const transaction = marked ? 'none' : 'step';
  const { statements, notices } = await compileSql({ ...section, file: label }, transaction);
  return { body: { kind: 'static', statements }, transaction, notices };
}

/** Its own part of the file, or all of the `.down.sql` file beside an `.up.sql` one; null: there is neither. */
async function downSection(
  file: MigrationFile,
): Promise<{ readonly section: Section | null; readonly head: string; readonly label: string }> {
  const beside = [file.path, file.file].map((path) => path.replace(/\.up\.sql$/i, '.down.sql'));
  const [path = '', label = ''] = beside;
  if (path !== file.path && (await exists(path))) {
    const text = await readSource(path, label);
    return { section: sectionOf(text, 'down', label) ?? { text, line: 1 }, head: '', label };
  }
  const text = await readSource(file.path, file.file);
  return { section: sectionOf(text, 'down', file.file), head: headOf(text), label: file.file };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const withoutDown = ({ file }: MigrationFile): Problem =>
  migrationProblem(
    'it cannot be taken down: it has no part for that',
    { file },
    { hint: 'write one below "-- Down Migration", or take it back by a new migration' },
  );

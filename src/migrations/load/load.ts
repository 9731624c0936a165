import type { ColumnDefinitions } from 'node-pg-migrate';
import type { Problem } from '../../errors.js';
import { attachBases } from './bases.js';
import { compileScript } from './compile-script.js';
import { compileSql } from './compile-sql.js';
import { scriptLoader, type ScriptLoader } from './load-script.js';
import { findMigrationFiles, type MigrationFile } from '../files/migration-files.js';
import { basedOn, isRepeatable } from '../migration-names.js';
import { MigrationProblems, migrationProblem, migrationsError } from '../migration-problems.js';
import { labelOf, type Migration } from '../migration.js';
import { isMarkedNoTransaction } from '../sql/no-transaction-marker.js';
import { headOf, sectionOf } from '../files/sections.js';
import { checksumOf, readSource } from '../files/source-file.js';

/**
 * All migrations of a folder, in their order, read, parsed and compiled before anything runs. Throws one VeneerError
 * with every problem of every file; its exit code is 20, since a bad migration found here means the same to a
 * pipeline as one that failed: nothing new is committed.
 */
export async function loadMigrations(
  dir: string,
  project: { readonly projectRoot: string },
): Promise<readonly Migration[]> {
  const { migrations, problems } = await readMigrations(dir, project);
  if (problems.length > 0) throw migrationsError(problems);
  return migrations;
}

/** The same for who tells them: those that may run, and every problem of the others. Throws (exit 20) where the folder cannot be read. */
export async function readMigrations(
  dir: string,
  { projectRoot }: { readonly projectRoot: string },
): Promise<{ readonly migrations: readonly Migration[]; readonly problems: readonly Problem[] }> {
  const { files, bases, problems } = await findMigrationFiles(dir, projectRoot);
  const found: Problem[] = [...problems];
  const compile = compiler(projectRoot);
  const compileAll = async (list: readonly MigrationFile[]): Promise<Migration[]> => {
    const compiled: Migration[] = [];
    for (const file of list) {
      await compile(file).then(
        (migration) => compiled.push(migration),
        (error: unknown) => found.push(...problemsOf(file, error)),
      );
    }
    return compiled;
  };
  const migrations = await compileAll(files);
  const attached = attachBases(migrations, await compileAll(bases));
  return { migrations: attached.migrations, problems: [...found, ...attached.problems] };
}

function problemsOf(file: MigrationFile, error: unknown): readonly Problem[] {
  if (!(error instanceof MigrationProblems)) throw error;
  const migration = labelOf(file);
  return error.problems.map((problem) => ({ ...problem, where: { migration, ...problem.where } }));
}

type Compiled = Pick<Migration, 'body' | 'verify' | 'transaction' | 'notices'>;

/** Compiles files one after the other: shorthands that one exports hold for those after it. */
function compiler(projectRoot: string): (file: MigrationFile) => Promise<Migration> {
  let loader: Promise<ScriptLoader> | undefined;
  let shorthands: ColumnDefinitions = {};
  const bodyOf = async (file: MigrationFile, text: string): Promise<Compiled> => {
    if (file.language === 'sql') return compileFile(file, text);
    const load = await (loader ??= scriptLoader(projectRoot));
    const exported = await load(file, 'up');
    shorthands = { ...shorthands, ...exported.shorthands };
    const compiled = await compileScript({ file, action: exported.action, shorthands });
    if (exported.verify === null) return compiled;
    const verify = await compileScript({ file, action: exported.verify, shorthands });
    return verified(file, compiled, verify);
  };
  return async (file) => {
    const text = await readSource(file.path, file.file);
    const { body, transaction, notices, ...more } = await bodyOf(file, text);
    if (transaction === 'none' && file.scope !== 'tenant') throw new MigrationProblems([alone(file)]);
    if (transaction === 'none' && basedOn(file.name) !== null) throw new MigrationProblems([based(file)]);
    if (transaction === 'none' && isRepeatable(file.name)) throw new MigrationProblems([repeated(file)]);
    const empty = body.kind === 'static' && body.statements.length === 0;
    const { name, scope, file: label } = file;
    return {
      name,
      scope,
      file: label,
      checksum: checksumOf(text),
      body,
      ...more,
      transaction,
      notices: empty ? [...notices, EMPTY] : notices,
    };
  };
}

/** What is left of an interrupted one is found again tenant by tenant. */
const alone = ({ file, scope }: MigrationFile): Problem =>
  migrationProblem(
    `a migration for a ${scope} cannot run without a transaction`,
    { file },
    { hint: 'write it for tenants, or leave out what needs to run outside of a transaction' },
  );

/** Whether an interrupted one has begun is told by its row, which is there already from the last time. */
const repeated = ({ file }: MigrationFile): Problem =>
  migrationProblem(
    'a repeatable cannot run without a transaction',
    { file },
    { hint: 'give it a number and a name instead of R__: then it runs once' },
  );

/** It stands for many, which are all there or none. */
const based = ({ file }: MigrationFile): Problem =>
  migrationProblem(
    'a base cannot run without a transaction',
    { file },
    {
      hint: 'an index on an empty table needs no CONCURRENTLY; leave out what needs to run outside of a transaction',
    },
  );

const EMPTY =
  'it holds no statement: it will be recorded as applied, and change nothing; what is written into it after that is refused';

async function compileFile(migration: MigrationFile, text: string): Promise<Compiled> {
  const { file } = migration;
  const section = sectionOf(text, 'up', file) ?? { text: '', line: 1 };
  const marked = isMarkedNoTransaction(headOf(text)) || isMarkedNoTransaction(section.text);
  const transaction = marked ? 'none' : 'step';
  const { statements, notices } = await compileSql({ ...section, file }, transaction);
  const compiled: Compiled = { body: { kind: 'static', statements }, transaction, notices };
  const part = sectionOf(text, 'verify', file);
  if (part === null) return compiled;
  const verify = await compileSql({ ...part, file }, 'step');
  return verified(migration, compiled, {
    body: { kind: 'static', statements: verify.statements },
    transaction: 'step',
    notices: verify.notices,
  });
}

/** What commits statement by statement cannot be taken back when something does not hold. */
function verified({ file }: MigrationFile, compiled: Compiled, verify: Compiled): Compiled {
  if (compiled.transaction === 'none' || verify.transaction === 'none') {
    const message = 'a migration without a transaction cannot be rolled back when something does not hold';
    const hint = 'put what is to be verified into a migration of its own, behind this one';
    throw new MigrationProblems([migrationProblem(message, { file }, { hint })]);
  }
  return { ...compiled, verify: verify.body, notices: [...compiled.notices, ...verify.notices] };
}

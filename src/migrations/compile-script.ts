import type { ColumnDefinitions, MigrationBuilder } from 'node-pg-migrate';
import { compileSql, type CompiledSql } from './compile-sql.js';
import type { MigrationAction } from './load-script.js';
import type { MigrationFile } from './migration-files.js';
import { MigrationProblems, migrationProblem, migrationsError } from './migration-problems.js';
import type { MigrationBody, MigrationDb, Statement } from './migration.js';
import { askedDb, tenantDb, type BuilderDb } from './script-db.js';
import { failureInFile } from './script-failure.js';

/** A migration's action for one direction, with all shorthands that hold for it. */
export interface Script {
  readonly file: MigrationFile;
  readonly action: MigrationAction;
  readonly shorthands: ColumnDefinitions;
}

/** How long (ms) an action may take to build its SQL, so that one that never calls back cannot end a run in silence. */
const BUILD_LIMIT_MS = 60_000;

/**
 * Runs the action once, without a database. One that asks for it (`pgm.db`) becomes a dynamic body, which is built
 * again for each tenant. Throws MigrationProblems with all that is wrong.
 */
export async function compileScript(
  script: Script,
  limitMs = BUILD_LIMIT_MS,
): Promise<{ readonly body: MigrationBody; readonly notices: readonly string[] }> {
  const { db, asked, wasAsked } = askedDb();
  const pgm = await builderFor(script, db);
  const running = perform(script.action, pgm);
  await within(limitMs, Promise.race([running, asked]), script.file).catch((error: unknown) => {
    if (!wasAsked()) throw actionProblems(script.file, error);
  });
  refuseNoTransaction(script.file, pgm);
  if (wasAsked()) return { body: { kind: 'dynamic', build: (db) => buildFor(script, db) }, notices: [] };
  const { statements, notices } = await compileSteps(script.file, pgm);
  return { body: { kind: 'static', statements }, notices };
}

/** Errors of the tenant's connection pass unchanged: their SQLSTATE decides whether the step is tried again. */
async function buildFor(script: Script, connection: MigrationDb): Promise<readonly Statement[]> {
  const { db, threw } = tenantDb(connection, script.file.file);
  const pgm = await builderFor(script, db);
  try {
    await perform(script.action, pgm).catch((error: unknown) => {
      throw threw(error) ? error : actionProblems(script.file, error);
    });
    refuseNoTransaction(script.file, pgm);
    return (await compileSteps(script.file, pgm)).statements;
  } catch (error) {
    throw error instanceof MigrationProblems ? migrationsError(error.problems, error) : error;
  }
}

async function builderFor({ shorthands }: Script, db: BuilderDb): Promise<MigrationBuilder> {
  const { MigrationBuilder } = await import('node-pg-migrate');
  return new MigrationBuilder(db, shorthands, false, SILENT);
}

const silent = (): void => {};
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/** An action of two parameters is in callback style: it has ended when it calls the second, or when it fails. */
async function perform(action: MigrationAction, pgm: MigrationBuilder): Promise<void> {
  if (action.length !== 2) return void (await action(pgm));
  await new Promise<void>((resolve, reject) => {
    Promise.resolve(action(pgm, resolve)).catch(reject);
  });
}

async function within(limitMs: number, work: Promise<void>, { file }: MigrationFile): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const message = `it did not finish building its SQL within ${limitMs / 1000} s`;
    const hint = 'await every promise; in callback style (two parameters) call the second when done';
    timer = setTimeout(
      () => reject(new MigrationProblems([migrationProblem(message, { file }, { hint })])),
      limitMs,
    );
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function actionProblems(file: MigrationFile, error: unknown): unknown {
  if (error instanceof MigrationProblems) return error;
  return new MigrationProblems([failureInFile(file, 'it failed', error)]);
}

function refuseNoTransaction({ file }: MigrationFile, pgm: MigrationBuilder): void {
  if (pgm.isUsingTransaction()) return;
  throw new MigrationProblems([
    migrationProblem(
      'pgm.noTransaction(): migrations without a transaction are not built yet',
      { file },
      {
        hint: 'remove it where the migration can run inside one, or run it by hand outside the migrations',
      },
    ),
  ]);
}

/** Each step on its own: a step may end in a line comment, and an error then names the step that holds it. */
async function compileSteps({ file }: MigrationFile, pgm: MigrationBuilder): Promise<CompiledSql> {
  const compiled: CompiledSql[] = [];
  for (const text of pgm.getSqlSteps()) compiled.push(await compileSql({ text, file, line: null }));
  return {
    statements: compiled.flatMap(({ statements }) => statements),
    notices: [...new Set(compiled.flatMap(({ notices }) => notices))],
  };
}

import type { ColumnDefinitions, MigrationBuilder } from 'node-pg-migrate';
import { noteBackfills, type Backfill } from '../../backfill.js';
import { compileBackfill } from './compile-backfill.js';
import { compileSql, type CompiledSql } from './compile-sql.js';
import type { BuilderMode, MigrationAction } from './load-script.js';
import type { MigrationFile } from '../files/migration-files.js';
import { Irreversible, MigrationProblems, migrationProblem, migrationsError } from '../migration-problems.js';
import type { Migration, MigrationDb, Statement, TransactionUse } from '../migration.js';
import { setTarget, type Target } from '../../target.js';
import { askedDb, tenantDb, type BuilderDb } from './script-db.js';
import { failureInFile } from './script-failure.js';

/** A migration's action for one direction, with all shorthands that hold for it. */
export interface Script {
  readonly file: MigrationFile;
  readonly action: MigrationAction;
  /** Default: forward. */
  readonly mode?: BuilderMode;
  readonly shorthands: ColumnDefinitions;
}

/** How long (ms) an action may take to build its SQL, so that one that never calls back cannot end a run in silence. */
const BUILD_LIMIT_MS = 60_000;

/**
 * Runs the action once, without a database. One that asks for it (`pgm.db`), or for whom it runs (`target(pgm)`),
 * becomes a dynamic body, which is built again for each tenant. Whether it calls `pgm.noTransaction()` is known only then. Throws MigrationProblems with
 * all that is wrong.
 */
export async function compileScript(
  script: Script,
  limitMs = BUILD_LIMIT_MS,
): Promise<Pick<Migration, 'body' | 'transaction' | 'notices'>> {
  const { db, target, asked, wasAsked } = askedDb();
  const { pgm, backfills } = await builderFor(script, db, target);
  const running = perform(script.action, pgm);
  await within(limitMs, Promise.race([running, asked]), script.file).catch((error: unknown) => {
    if (!wasAsked()) throw actionProblems(script, error);
  });
  if (wasAsked()) {
    refuseNoTransaction(script.file, pgm);
    return {
      body: { kind: 'dynamic', build: (db, target) => buildFor(script, db, target) },
      transaction: 'step',
      notices: [],
    };
  }
  const transaction = pgm.isUsingTransaction() ? 'step' : 'none';
  const { statements, notices } = await compileSteps(script.file, pgm, transaction, backfills);
  return { body: { kind: 'static', statements }, transaction, notices };
}

/** Errors of the tenant's connection pass unchanged: their SQLSTATE decides whether the step is tried again. */
async function buildFor(
  script: Script,
  connection: MigrationDb,
  target: Target,
): Promise<readonly Statement[]> {
  const { db, threw } = tenantDb(connection, script.file.file);
  const { pgm } = await builderFor(script, db, target);
  try {
    await perform(script.action, pgm).catch((error: unknown) => {
      throw threw(error) ? error : actionProblems(script, error);
    });
    refuseNoTransaction(script.file, pgm);
    return (await compileSteps(script.file, pgm, 'step')).statements;
  } catch (error) {
    throw error instanceof MigrationProblems ? migrationsError(error.problems, error) : error;
  }
}

async function builderFor(
  { shorthands, mode }: Script,
  db: BuilderDb,
  target: Target,
): Promise<{ readonly pgm: MigrationBuilder; readonly backfills: ReadonlyMap<string, Backfill> }> {
  const { MigrationBuilder } = await import('node-pg-migrate');
  const pgm = new MigrationBuilder(db, shorthands, false, SILENT);
  setTarget(pgm, target);
  if (mode === 'reverse') pgm.enableReverseMode();
  return { pgm, backfills: noteBackfills(pgm) };
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

function actionProblems({ file, mode }: Script, error: unknown): unknown {
  if (error instanceof MigrationProblems) return error;
  return mode === 'reverse'
    ? new Irreversible([failureInFile(file, 'it cannot be taken down', error)])
    : new MigrationProblems([failureInFile(file, 'it failed', error)]);
}

/** What it asks may have another answer after an interruption, and what was left could not be told any more. */
function refuseNoTransaction({ file }: MigrationFile, pgm: MigrationBuilder): void {
  if (pgm.isUsingTransaction()) return;
  throw new MigrationProblems([
    migrationProblem(
      'pgm.noTransaction() beside pgm.db or target(pgm): after an interruption it might build something else',
      { file },
      { hint: 'write the statements without asking, or split the migration' },
    ),
  ]);
}

/** Each step on its own: a step may end in a line comment, and an error then names the step that holds it. */
async function compileSteps(
  { file }: MigrationFile,
  pgm: MigrationBuilder,
  transaction: TransactionUse,
  backfills: ReadonlyMap<string, Backfill> = new Map(),
): Promise<CompiledSql> {
  const compiled: CompiledSql[] = [];
  for (const text of pgm.getSqlSteps()) {
    const backfill = backfills.get(text.replace(/;\s*$/, ''));
    compiled.push(
      backfill === undefined
        ? await compileSql({ text, file, line: null }, transaction)
        : { statements: [await compileBackfill(text, backfill, file)], notices: [] },
    );
  }
  return {
    statements: compiled.flatMap(({ statements }) => statements),
    notices: [...new Set(compiled.flatMap(({ notices }) => notices))],
  };
}

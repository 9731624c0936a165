import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import type { ColumnDefinitions, MigrationBuilder } from 'node-pg-migrate';
import { Irreversible, MigrationProblems, migrationProblem } from '../migration-problems.js';
import type { MigrationFile } from '../files/migration-files.js';
import type { Direction, Part } from '../migration.js';
import { packageFile } from '../../package-root.js';
import { failureInFile } from './script-failure.js';

/** What a TypeScript or JavaScript migration exports for one direction; `run` is given to callback style only. */
export type MigrationAction = (pgm: MigrationBuilder, run?: () => void) => unknown;

/** What migrations import from this package: as built, and in its own tests as written. */
const EXPORTS = extname(import.meta.url) === '.ts' ? ['src', 'package.ts'] : ['dist', 'package.js'];

/** `reverse`: the builder turns each of its calls into what undoes it (node-pg-migrate, for a missing `down`). */
export type BuilderMode = 'forward' | 'reverse';

/** The exports of a migration's module, as one direction needs them. */
export interface ScriptExports {
  readonly action: MigrationAction;
  readonly mode: BuilderMode;
  /** Builds what must hold afterwards; null where it exports none. */
  readonly verify: MigrationAction | null;
  readonly shorthands: ColumnDefinitions;
}

/** Loads one module for one direction. */
export type ScriptLoader = (file: MigrationFile, direction: Direction) => Promise<ScriptExports>;

/**
 * A loader of TypeScript and JavaScript, ESM and CommonJS, whose modules get this package and its node-pg-migrate, also
 * in a project that has neither. Compiled files are kept in the project's `node_modules/.cache`; without that folder
 * they are not kept, since a cache in a shared temporary folder could be filled with foreign code by anyone.
 */
export async function scriptLoader(projectRoot: string): Promise<ScriptLoader> {
  const { createJiti } = await import('jiti');
  const modules = join(projectRoot, 'node_modules');
  const cached = await access(modules).then(
    () => true,
    () => false,
  );
  const jiti = createJiti(join(projectRoot, 'migrations'), {
    alias: {
      'node-pg-migrate': createRequire(import.meta.url).resolve('node-pg-migrate'),
      'pg-veneer': packageFile(...EXPORTS),
    },
    fsCache: cached && join(modules, '.cache', 'pg-veneer'),
    interopDefault: false,
  });
  return async (file, direction) => {
    const loaded = await jiti.import(file.path).catch((error: unknown) => {
      throw new MigrationProblems([failureInFile(file, 'it cannot be loaded', error)]);
    });
    return exportsOf(file, loaded, direction);
  };
}

function exportsOf(file: MigrationFile, loaded: unknown, direction: Direction): ScriptExports {
  const named = members(loaded);
  const exported = {
    ...members(members(named['default'])['default']),
    ...members(named['default']),
    ...named,
  };
  const { [direction]: action, shorthands, verify = null } = exported;
  if (verify !== null && !isAction(verify))
    throw noFunction(file, 'its `verify` is not a function', 'verify');
  const more = { verify, shorthands: isDefinitions(shorthands) ? shorthands : {} };
  if (isAction(action)) return { action, mode: 'forward', ...more };
  const { up } = exported;
  if (direction === 'down' && action === undefined && isAction(up))
    return { action: up, mode: 'reverse', ...more };
  if (direction === 'down' && action === false) throw switchedOff(file);
  throw noFunction(file, wrongAction(action, direction), direction);
}

const switchedOff = ({ file }: MigrationFile): MigrationProblems =>
  new Irreversible([
    migrationProblem(
      'it cannot be taken down: its `down` is switched off (false)',
      { file },
      { hint: 'take it back by a new migration' },
    ),
  ]);

const noFunction = ({ file }: MigrationFile, message: string, part: Part): MigrationProblems =>
  new MigrationProblems([
    migrationProblem(message, { file }, { hint: `export a function: export const ${part} = (pgm) => { … }` }),
  ]);

const isAction = (value: unknown): value is MigrationAction => typeof value === 'function';

const isDefinitions = (value: unknown): value is ColumnDefinitions =>
  typeof value === 'object' && value !== null;

function wrongAction(action: unknown, direction: Direction): string {
  if (action === undefined) return `it exports no \`${direction}\``;
  return action === false
    ? `its \`${direction}\` is switched off (false)`
    : `its \`${direction}\` is not a function`;
}

/** The members of a module or object, as plain data; none for anything else. */
function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

import path from 'node:path';
import type { Config } from '../../config/config.js';
import { ConfigError } from '../../config/text/config-error.js';
import { EXIT, problemOf, VeneerError, type ExitCode, type Problem } from '../../errors.js';
import { placeInFolder } from '../../migrations/load/script-failure.js';

/** What is said about an error that ended a command. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: one message, however many things are wrong with the configuration. */
  readonly problem: Problem;
  /** For JSON: each of these things by itself. */
  readonly problems: readonly (Problem & { readonly path?: string })[];
}

export interface FailureOptions {
  /** Adds the stack of an error that is our own fault. */
  readonly debug: boolean;
  /** Of the fleet: whose code it may have been, where nobody waited for it. */
  readonly migrations?: Pick<Config, 'file' | 'migrations'> | null;
}

/** Turns whatever was thrown into facts to print. */
export function failureOf(error: unknown, { debug, migrations = null }: FailureOptions): Failure {
  const problem =
    error instanceof VeneerError
      ? problemOf(error)
      : ((migrations === null ? null : lateFault(error, migrations)) ?? ownFault(error, debug));
  const problems = error instanceof ConfigError ? configProblems(error) : [problem];
  return { exitCode: problem.exitCode, problem, problems };
}

/** The failure of a command that was told to stop: how it stumbled over that is nobody's concern. */
export function interrupted(failure: Failure, exitCode: ExitCode): Failure {
  const isOurs = failure.exitCode === EXIT.bug;
  const problem: Problem = isOurs ? { message: 'interrupted', exitCode } : failure.problem;
  return { exitCode, problem, problems: isOurs ? [problem] : failure.problems };
}

/** What a migration's code threw when it had been left: in a timer, or by a promise that it did not await. */
function lateFault(
  error: unknown,
  { file, migrations }: Pick<Config, 'file' | 'migrations'>,
): Problem | null {
  const place = placeInFolder(migrations, error);
  if (place === null) return null;
  const shown = path.relative(path.dirname(file), place.file).split(path.sep).join('/');
  return {
    message: `code of a migration failed when nobody waited for it: ${problemOf(error).message}`,
    exitCode: EXIT.failed,
    where: { file: shown, line: place.line },
    hint: 'await every promise, and leave timers out; what was not committed is rolled back, migrate status tells what is applied',
  };
}

function ownFault(error: unknown, debug: boolean): Problem {
  const { message } = problemOf(error);
  const stack = error instanceof Error && debug ? error.stack : undefined;
  return {
    message: `${message} (this is a fault of pg-veneer)`,
    exitCode: EXIT.bug,
    ...(stack === undefined ? {} : { detail: stack }),
    hint: debug ? 'please report it with the lines above' : 'DEBUG=pg-veneer shows where; please report it',
  };
}

function configProblems({ problems }: ConfigError): Failure['problems'] {
  return problems.map(({ file, line, column, path, message }) => ({
    message,
    exitCode: EXIT.config,
    where: { file, ...(line === null ? {} : { line }), ...(column === null ? {} : { column }) },
    ...(path === '' ? {} : { path }),
  }));
}

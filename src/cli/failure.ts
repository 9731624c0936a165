import { ConfigError } from '../config/config-error.js';
import { EXIT, problemOf, VeneerError, type ExitCode, type Problem } from '../errors.js';

/** What is said about an error that ended a command. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: one message, however many things are wrong with the configuration. */
  readonly problem: Problem;
  /** For JSON: each of these things by itself. */
  readonly problems: readonly (Problem & { readonly path?: string })[];
}

/** Turns whatever was thrown into facts to print; `debug` adds the stack of an error that is our own fault. */
export function failureOf(error: unknown, debug: boolean): Failure {
  const problem = error instanceof VeneerError ? problemOf(error) : ownFault(error, debug);
  const problems = error instanceof ConfigError ? configProblems(error) : [problem];
  return { exitCode: problem.exitCode, problem, problems };
}

/** The failure of a command that was told to stop: how it stumbled over that is nobody's concern. */
export function interrupted(failure: Failure, exitCode: ExitCode): Failure {
  const isOurs = failure.exitCode === EXIT.bug;
  const problem: Problem = isOurs ? { message: 'interrupted', exitCode } : failure.problem;
  return { exitCode, problem, problems: isOurs ? [problem] : failure.problems };
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

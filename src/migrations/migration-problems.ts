import { EXIT, VeneerError, type Problem, type Where } from '../errors.js';

/** Everything that is wrong with one migration, on its way to {@link migrationsError}. */
export class MigrationProblems extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('; '));
    this.name = 'MigrationProblems';
    this.problems = problems;
  }
}

/** That a migration cannot be taken down, because nothing says how: no mistake by itself. */
export class Irreversible extends MigrationProblems {}

/** One thing that is wrong in a migration file; exit 20, since nothing was run and nothing is committed. */
export function migrationProblem(
  message: string,
  where: Where,
  more: { readonly detail?: string; readonly hint?: string } = {},
): Problem {
  return { message, exitCode: EXIT.failed, where, ...more };
}

/** Throws {@link MigrationProblems} where there are any. */
export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new MigrationProblems(problems);
}

/**
 * All problems of the migrations in one error (exit 20: nothing is committed). A single problem keeps its place;
 * of several, `detail` lists each with file, line and column, what PostgreSQL said and what to do.
 */
export function migrationsError(problems: readonly Problem[], cause?: unknown): VeneerError {
  const [first, ...others] = problems;
  if (first !== undefined && others.length === 0) {
    const { message, ...facts } = first;
    return new VeneerError(message, { ...facts, cause });
  }
  return new VeneerError(`${problems.length} problems in the migrations`, {
    exitCode: EXIT.failed,
    detail: problems.map(describe).join('\n'),
    hint: 'nothing was run; mend these files and run the command again',
    cause,
  });
}

function describe(problem: Problem): string {
  const { file, line, column } = problem.where ?? {};
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const more = [problem.detail, problem.hint].filter((text) => text !== undefined);
  return [`${place}: ${problem.message}`, ...more.map(indent)].join('\n');
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');

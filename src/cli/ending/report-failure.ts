import type { ExitCode } from '../../errors.js';
import { failureJson } from '../../render/json.js';
import { problemLines } from '../../render/blocks/problem.js';
import { styleFor } from '../../render/blocks/style.js';
import { failureOf, interrupted } from './failure.js';
import { answerText } from '../terminal/standard-output.js';
import { readTerminal } from '../terminal/terminal.js';

export interface FailedCommand {
  /** Null where the command line could not be read. */
  readonly command: string | null;
  readonly json: boolean;
  /** The exit code of the signal that ended it, if one did. */
  readonly stoppedBy?: ExitCode | null;
}

/** Prints the error that ended a command: text on stderr, or JSON on stdout. The exit code. */
export function reportFailure(error: unknown, { command, json, stoppedBy = null }: FailedCommand): ExitCode {
  const thrown = failureOf(error, { debug: isDebugged() });
  const failure = stoppedBy === null ? thrown : interrupted(thrown, stoppedBy);
  if (json) answerText(failureJson(command, failure.exitCode, failure.problems));
  else process.stderr.write(failureText(failure.problem));
  return failure.exitCode;
}

/** An error as text, as it stands on stderr. */
export const failureText = (problem: Parameters<typeof problemLines>[0]): string =>
  `${problemLines(problem, styleFor(readTerminal(false).colours)).join('\n')}\n`;

/** Are stacks to be shown? */
export const isDebugged = (): boolean => (process.env.DEBUG ?? '').split(/[ ,]+/).includes('pg-veneer');

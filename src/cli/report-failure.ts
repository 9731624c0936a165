import { writeSync } from 'node:fs';
import type { ExitCode } from '../errors.js';
import { failureJson } from '../render/json.js';
import { problemLines } from '../render/problem.js';
import { styleFor } from '../render/style.js';
import { failureOf, interrupted } from './failure.js';
import { answerText } from './standard-output.js';
import { readTerminal, showCursor } from './terminal.js';

export interface FailedCommand {
  /** Null where the command line could not be read. */
  readonly command: string | null;
  readonly json: boolean;
  /** The exit code of the signal that ended it, if one did. */
  readonly stoppedBy?: ExitCode | null;
}

/** Prints the error that ended a command: text on stderr, or JSON on stdout. The exit code. */
export function reportFailure(error: unknown, { command, json, stoppedBy = null }: FailedCommand): ExitCode {
  const thrown = failureOf(error, isDebugged());
  const failure = stoppedBy === null ? thrown : interrupted(thrown, stoppedBy);
  if (json) answerText(failureJson(command, failure.exitCode, failure.problems));
  else process.stderr.write(textOf(failure.problem));
  return failure.exitCode;
}

/** An error that nobody awaited: says so past everything that may hold stderr, and ends the process. */
export function endOnUncaught(): void {
  process.on('uncaughtException', (error) => {
    showCursor();
    const { exitCode, problem } = failureOf(error, isDebugged());
    writeSync(2, textOf(problem));
    process.exit(exitCode);
  });
}

const textOf = (problem: Parameters<typeof problemLines>[0]): string =>
  `${problemLines(problem, styleFor(readTerminal(false).colours)).join('\n')}\n`;

const isDebugged = (): boolean => (process.env.DEBUG ?? '').split(/[ ,]+/).includes('pg-veneer');

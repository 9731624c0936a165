import { writeSync } from 'node:fs';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, type ExitCode } from '../../errors.js';
import { failureText, type Outlet } from '../output/outlet.js';
import { failureOf } from './failure.js';
import { isDebugged } from './report-failure.js';
import { showCursor } from '../terminal/terminal.js';

/** How the process ends, whoever ends it: the code of migrations runs in it, and that of libraries. */
export interface Ending {
  /** Tells where migrations are: what their code throws while nobody waits for it is no fault of ours. */
  readonly migrationsAre: (config: Pick<Config, 'file' | 'migrations'>) => void;
  /** The command is through: its exit code stands. */
  readonly isThrough: (code: ExitCode) => ExitCode;
  /** Ends the process at once. */
  readonly endNow: (code: ExitCode) => never;
}

/** Guards the end of a process that runs a command. What it says goes past everything that may hold stdout and stderr. */
export function guardEnding(command: string, outlet: Outlet): Ending {
  let code: ExitCode | null = null;
  let migrations: Pick<Config, 'file' | 'migrations'> | null = null;
  const say = (error: unknown): ExitCode => {
    showCursor();
    const failure = { command, ...failureOf(error, { debug: isDebugged(), migrations }) };
    if (code === null) outlet.failure(failure, AT_ONCE);
    else AT_ONCE.stderr(failureText(failure));
    return failure.exitCode;
  };
  const endNow = (end: ExitCode): never => {
    code = end;
    process.exit(end);
  };
  process.on('uncaughtException', (error) => endNow(say(error)));
  // Read again by process.exit when its listeners have run.
  process.on('exit', () => {
    process.exitCode = code ?? EXIT.failed;
    if (code === null) say(endedEarly());
  });
  return {
    migrationsAre: (config) => (migrations = config),
    isThrough: (end) => (code = end),
    endNow: (end) => {
      showCursor();
      return endNow(end);
    },
  };
}

/** Nobody may read it any more, or not as fast; the process ends all the same, with its own code. */
function writeNow(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // There is no other place to tell it.
  }
}

const AT_ONCE = {
  stdout: (text: string): void => writeNow(1, text),
  stderr: (text: string): void => writeNow(2, text),
};

const endedEarly = (): VeneerError =>
  new VeneerError(
    'the process was ended before the command was through, by code of a migration or of a library',
    {
      exitCode: EXIT.failed,
      hint: 'leave process.exit out of migrations; what was not committed is rolled back, migrate status tells what is applied',
    },
  );

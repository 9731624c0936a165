import { problemOf } from '../../errors.js';
import { PLAIN, styleFor } from '../../render/blocks/style.js';
import { eventLine } from '../../render/json.js';
import { failureIn, reportIn, type Failure } from '../../render/report-in.js';
import type { OnProgress } from '../../report/progress.js';
import type { Report } from '../../report/reports.js';
import { answerText } from '../terminal/standard-output.js';
import { readTerminal } from '../terminal/terminal.js';
import type { OutputChoice } from './choice.js';
import type { OutFile } from './out-file.js';

/** Where what a command answers goes, in the form that was asked for. */
export interface Outlet {
  /** What happens while it runs, where the form tells that. */
  readonly onProgress: OnProgress;
  readonly report: (report: Report, colours: boolean) => void;
  /** Tells of a command that ended without a report; `streams` where the usual ones may be lost with the process. */
  readonly failure: (failure: Failure, streams?: Streams) => void;
}

interface Streams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const USUAL: Streams = { stdout: answerText, stderr: (text) => void process.stderr.write(text) };

/**
 * Nothing here waits for whoever reads: pipes are written to without blocking, and what is behind one that was closed is nobody's
 * (`surviveLostOutput`). Where the file cannot be written at the end, that is told, and the exit code stays the command's own.
 */
export function outletFor({ format, shown }: Omit<OutputChoice, 'out'>, file: OutFile | null): Outlet {
  const events: string[] = [];
  const keep = file === null ? USUAL.stdout : (line: string): void => void events.push(line);
  const toFile = (text: string | null): void => {
    if (file === null || text === null) return;
    try {
      file.write([...events, text].join(''));
    } catch (error) {
      USUAL.stderr(problemText(error));
    }
  };
  return {
    onProgress: (event) => (format === 'ndjson' ? keep(eventLine(event, new Date())) : undefined),
    report: (report, colours) => {
      const at = new Date();
      USUAL.stdout(reportIn(shown, report, { style: styleFor(colours), at }));
      if (file !== null) toFile(reportIn(format, report, { style: PLAIN, at }));
    },
    failure: (failure, { stdout, stderr } = USUAL) => {
      const at = new Date();
      const told = shown === 'text' ? null : failureIn(shown, failure, { style: PLAIN, at });
      if (told === null) stderr(failureText(failure));
      else stdout(told);
      toFile(failureIn(format, failure, { style: PLAIN, at }));
    },
  };
}

/** A failure as text, as it stands on stderr. */
export const failureText = (failure: Failure): string =>
  failureIn('text', failure, { style: styleFor(readTerminal(false).colours), at: new Date() }) ?? '';

function problemText(error: unknown): string {
  const problem = problemOf(error);
  return failureText({ command: null, exitCode: problem.exitCode, problem, problems: [problem] });
}

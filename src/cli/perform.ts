import type { ExitCode } from '../errors.js';
import type { Display } from '../render/progress/display.js';
import { openDisplay } from '../render/progress/open-display.js';
import type { Progress } from '../report/progress.js';
import type { Report } from '../report/reports.js';
import { confirm } from './terminal/confirm.js';
import { guardEnding, type Ending } from './ending/ending.js';
import type { Flags } from './words/flags.js';
import { readInvocation } from './words/invocation.js';
import { readOutput, type OutputChoice } from './output/choice.js';
import { openOutFile } from './output/out-file.js';
import { outletFor, type Outlet } from './output/outlet.js';
import { reportFailure } from './ending/report-failure.js';
import { runVerb } from './verbs/run-verb.js';
import { answerText, keepStdout } from './terminal/standard-output.js';
import { stopOnSignals, type Stopping } from './terminal/signals.js';
import { readTerminal, type Terminal } from './terminal/terminal.js';
import { testPoints, withoutWatchdog } from './test-points.js';
import { readVerb, type Verb } from './verbs/verb.js';
import { startWatchdog, type WatchdogSource } from './watchdog/watchdog.js';
import { whoRuns } from './watchdog/who.js';

/**
 * Runs the command of a command line and prints its report or its failure. `closed` aborts when nobody reads the output
 * any more. The exit code; throws only for a command line that cannot be read.
 */
export async function perform(argv: readonly string[], closed: AbortSignal): Promise<ExitCode> {
  const invocation = await readInvocation(argv);
  const { command, flags } = invocation;
  const choice = readOutput(invocation);
  const outlet = outletFor(choice, choice.out === null ? null : openOutFile(choice.out));
  let stopping: Stopping | null = null;
  if (choice.shown !== 'text' || !process.stdout.isTTY) keepStdout();
  const [name = command.name] = command.name.split(' ');
  const ending = guardEnding(name, outlet);
  try {
    const verb = readVerb(invocation);
    const terminal = readTerminal(flags.isSet('no-color'));
    const display = await openDisplay({ kind: displayKind(choice, terminal), rows: terminal.rows, write });
    stopping = stopOnSignals(() => sayStopping(verb, display), ending.endNow);
    const report = await run(verb, flags, { display, stopping, closed, ending, outlet, choice });
    const final: Report = { ...report, exitCode: stopping.exitCode() ?? report.exitCode };
    outlet.report(final, terminal.colours);
    return ending.isThrough(final.exitCode);
  } catch (error) {
    const code = reportFailure(error, { command: name, outlet, stoppedBy: stopping?.exitCode() ?? null });
    return ending.isThrough(code);
  }
}

interface Surroundings {
  readonly display: Display;
  readonly stopping: Stopping;
  readonly closed: AbortSignal;
  readonly ending: Ending;
  readonly outlet: Outlet;
  readonly choice: OutputChoice;
}

/** The display has let go of the terminal when this returns or throws. */
async function run(
  verb: Verb,
  flags: Flags,
  { display, stopping, closed, ending, outlet, choice }: Surroundings,
): Promise<Report> {
  // Whoever reads a log may leave; a migration is not stopped by that.
  const signal = isLogs(verb) ? AbortSignal.any([stopping.signal, closed]) : stopping.signal;
  const context = {
    onProgress: (event: Progress): void => {
      display.onProgress(event);
      outlet.onProgress(event);
    },
    signal,
    who: whoRuns(),
    at: testPoints(process.env),
    ...(canAnswer(choice) ? { confirm: (lines: readonly string[]) => confirm(lines, signal) } : {}),
    ...(withoutWatchdog(process.env) ? {} : { startWatchdog: () => startWatchdog(watchdogSource(flags)) }),
  };
  try {
    return await runVerb(verb, flags, context, { onLine: write, onConfig: ending.migrationsAre });
  } finally {
    if (await display.end()) write('');
  }
}

/** It reads shards.yaml and the environment again: nothing secret goes through the pipe. */
const watchdogSource = (flags: Flags): WatchdogSource => ({
  cwd: process.cwd(),
  file: flags.one('config') ?? undefined,
  envFiles: [...flags.list('env-file')],
  without: [...flags.list('without')],
});

/** A person sits in front of it, and nothing else is to be printed. */
const canAnswer = ({ shown }: OutputChoice): boolean =>
  process.stdin.isTTY && process.stdout.isTTY && shown === 'text';

const isLogs = (verb: Verb): boolean => verb.command === 'sandbox' && verb.options.action === 'logs';

const displayKind = ({ shown }: OutputChoice, { isTty }: Terminal) =>
  shown !== 'text' ? 'none' : isTty ? 'list' : 'lines';

const CHANGING: readonly Verb['command'][] = [
  'up',
  'down',
  'redo',
  'rehearse',
  'setup',
  'sync',
  'recover',
  'baseline',
  'ledger',
  'tenant',
];

function sayStopping(verb: Verb, display: Display): void {
  if (isLogs(verb)) return;
  const isChanging = CHANGING.includes(verb.command);
  const text = `stopping${isChanging ? ': the running attempt is rolled back' : ''}; press Ctrl-C again to end at once`;
  if (!display.say(text)) process.stderr.write(`${text}\n`);
}

const write = (line: string): void => answerText(`${line}\n`);
